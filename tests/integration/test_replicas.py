"""Two services and two workers, each a process with a home of its own, on one PostgreSQL: they behave as one."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from threading import Barrier

import httpx2
import pytest
from sqlalchemy import func, select

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.access.people import add_person
from explainer.assembly import make_encoder
from explainer.audit.check import check_log
from explainer.bench.served import serving, working
from explainer.paths import resource_dir
from explainer.registry.prompts import PromptRegistry
from explainer.server.auth import COOKIE
from explainer.service.audited import KEPT
from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.job_tables import JobRow, ProcessRow
from explainer.storage.jobs import TAKEN, UPGRADE
from explainer.storage.processes import present
from explainer.storage.reading_tables import RevisionRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID
from tests.databases import without_nul
from tests.homes import make_home
from tests.integration.test_upgrades import GOOD
from tests.pool import Pool, completion

PASSWORD = "three green kettles"
RATE = 40
NUMBERS = count()


@dataclass
class Pair:
    """The two services, what their engine is, and what they share."""

    urls: list[str]
    key: str
    pool: Pool
    database: Database

    def ask(self, at, method, path, body=None, key=None, **headers):
        given = {"X-API-Key": key or self.key} | {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.request(method, f"{self.urls[at]}{path}", json=body, headers=given, timeout=60)

    def explain(self, at, body=None, **headers):
        made = self.ask(at, "POST", "/v1/explanations", body or {"user": "u1", "k": 1}, **headers)
        assert made.status_code == 201, made.text
        return made.json()["explanations"]

    def events(self, at, one):
        """Return the events of a stream, to its end."""
        told = self.ask(at, "GET", f"/v1/explanations/{one}/events").text
        blocks = [dict(line.split(": ", 1) for line in part.splitlines()) for part in told.split("\r\n\r\n") if part]
        return [(block["event"], json.loads(block["data"])) for block in blocks]

    def number_of(self, table, *which):
        with self.database.session() as session:
            return session.scalar(select(func.count()).select_from(table).where(*which))


@pytest.fixture(scope="module")
def pair(tmp_path_factory, dataset, postgresql):
    plain = without_nul(dataset)
    homes = [tmp_path_factory.mktemp(f"home{n}") for n in range(4)]
    url = postgresql.new()
    with Pool(completion(GOOD)) as pool, asyncio.Runner() as runner:
        encoder = make_encoder(Settings(home=homes[0], _env_file=None))
        database = make_home(homes[0], plain, fit(plain, encoder, SMALL_HYBRID), url)
        for home in homes[1:]:
            (home / "models").symlink_to(homes[0] / "models")
        with database.session() as session:
            key = create_key(session, "test", Role.ADMIN)
            add_person(session, "ada", Role.ADMIN, PASSWORD)
        settings = {
            "DATABASE_URL": url,
            "WORKERS": "1",
            "ENGINE": "openai",
            "OPENAI_URL": pool.url,
            "OPENAI_MODEL": "test",
            "OPENAI_TIMEOUT_S": "60",
            "JOBS": "workers",
            "JOB_LEASE_S": "2",
            "RATE_APP": str(RATE),
            # What replicas must share besides the database.
            "AUDIT_KEY": str(homes[0] / "audit.key"),
            "CHECKPOINTS": str(homes[0] / "checkpoints"),
        }
        stack = AsyncExitStack()

        async def begin():
            async with asyncio.TaskGroup() as starting:
                tasks = [starting.create_task(manager.__aenter__()) for manager in managers]
            for manager in managers:
                stack.push_async_exit(manager)
            return [task.result() for task in tasks]

        managers = [serving(home, settings, home / "log") for home in homes[:2]]
        managers += [working(home, settings, home / "log") for home in homes[2:]]
        served = runner.run(begin())[:2]
        yield Pair([f"http://127.0.0.1:{one.port}" for one in served], key, pool, database)
        runner.run(stack.aclose())
        database.engine.dispose()


def until(holds, longest_s=60):
    """Wait for what other processes do, of which no event tells."""
    end = time.monotonic() + longest_s
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def test_a_key_answers_the_same_through_either(pair):
    first = pair.explain(0, Idempotency_Key="one")
    again = pair.explain(1, Idempotency_Key="one")
    assert [one["id"] for one in again] == [one["id"] for one in first]
    other = pair.ask(1, "POST", "/v1/explanations", {"user": "u2", "k": 1}, Idempotency_Key="one")
    assert other.status_code == 409


def test_asked_at_both_at_once_under_a_key_one_makes_it(pair):
    body, ready = {"user": "u11", "k": 1}, Barrier(6)

    def ask(number):
        ready.wait(60)
        return pair.ask(number % 2, "POST", "/v1/explanations", body, Idempotency_Key="both at once")

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(ask, range(6)))
    made = {one.json()["explanations"][0]["id"] for one in answers if one.status_code == 201}
    assert len(made) == 1
    assert {one.status_code for one in answers} <= {201, 503}
    assert all("retry-after" in one.headers for one in answers if one.status_code == 503)
    assert pair.number_of(ExplanationRow, ExplanationRow.user_id == "u11") == 1
    for at in (0, 1):
        assert [one["id"] for one in pair.explain(at, body, Idempotency_Key="both at once")] == list(made)


def test_the_limit_is_one_for_both(pair):
    with pair.database.session() as session:
        key = create_key(session, "limited")
    begun = time.time() // 60
    asked = [pair.ask(n % 2, "GET", "/v1/explanations?limit=1", key=key).status_code for n in range(2 * RATE)]
    windows = time.time() // 60 - begun + 1
    assert set(asked) == {200, 429}
    assert RATE * 0.85 <= asked.count(200) <= RATE * windows


def sign_in(pair, at):
    """Return the cookie of whoever signed in at one of the two."""
    form = {"name": "ada", "password": PASSWORD}
    signed = httpx2.post(f"{pair.urls[at]}/login", data=form, headers={"Sec-Fetch-Site": "same-origin"}, timeout=60)
    return {"Cookie": f"{COOKIE}={signed.cookies[COOKIE]}"}


def test_who_signed_in_at_one_is_known_at_the_other(pair):
    page = httpx2.get(f"{pair.urls[1]}/admin", headers=sign_in(pair, 0), timeout=60)
    assert page.status_code == 200
    assert "ada" in page.text


def test_who_signed_out_at_one_is_signed_out_at_the_other(pair):
    cookie = sign_in(pair, 0)
    page = httpx2.get(f"{pair.urls[1]}/admin", headers=cookie, timeout=60)
    assert page.status_code == 200
    form = {"csrf": re.search('name="csrf" value="([^"]+)"', page.text)[1]}
    assert httpx2.post(f"{pair.urls[1]}/logout", data=form, headers=cookie, timeout=60).status_code == 303
    for url in pair.urls:
        answer = httpx2.get(f"{url}/admin", headers=cookie, timeout=60)
        assert (answer.status_code, answer.headers.get("location")) == (302, "/login")


def test_a_better_text_that_was_asked_for_at_one_is_seen_at_the_other(pair):
    (first,) = pair.explain(0, {"user": f"u{6 * next(NUMBERS) + 7}", "k": 1})
    assert (first["source"], first["pending"]) in {("template", True), ("model", False)}
    assert pair.events(1, first["id"])[-1][0] == "end"
    later = pair.ask(1, "GET", f"/v1/explanations/{first['id']}").json()
    assert not later["pending"]
    assert pair.number_of(JobRow, JobRow.kind == UPGRADE) == 0


def test_counterfactuals_are_found_by_workers(pair):
    (made,) = pair.explain(0, {"user": "u3", "k": 1})

    def found():
        return pair.ask(1, "GET", f"/v1/explanations/{made['id']}").json()["counterfactual"]

    assert until(found)["k"] == 1


def test_an_item_that_came_through_one_is_explained_by_the_other(pair):
    item = {"id": "new", "title": "A New Film", "aspects": ["noir"]}
    assert pair.ask(0, "PUT", "/v1/items", {"items": [item]}).status_code == 200
    (made,) = pair.explain(1, {"user": "u1", "item": "new"})
    pair.events(0, made["id"])
    assert not pair.ask(0, "GET", f"/v1/explanations/{made['id']}").json()["pending"], "workers know it as well"


def test_a_prompt_that_is_promoted_is_used_by_both(pair, tmp_path):
    folder = tmp_path / "prompts"
    shutil.copytree(resource_dir("prompts"), folder)
    (folder / "en" / "customer" / "fallback.j2").write_text("{{ 'item' | slot }} is told otherwise.")
    registry = PromptRegistry(pair.database, PromptLibrary(folder), PromptLibrary())
    version, _ = registry.add(PromptLibrary(folder), Style())
    registry.promote(version, Style())
    try:
        told = [pair.explain(at, {"user": "u9", "k": 1})[0]["versions"]["prompt"] for at in (0, 1)]
    finally:
        registry.rollback(Style())
    assert told == [version] * 2


def test_all_four_are_there_and_do_not_differ(pair):
    def seen():
        with pair.database.session() as session:
            found = present(session)
        return len(found) == 4 and found

    found = until(seen)
    assert sorted(row.role for row in found) == ["api", "api", "worker", "worker"]
    assert len({(row.recommender, row.writer) for row in found}) == 1
    assert pair.ask(0, "GET", "/health/ready").json()["status"] == "ready"
    page = pair.ask(0, "GET", "/admin").text
    assert all(row.place in page for row in found)


def test_a_worker_that_is_killed_in_the_middle_is_replaced_and_the_text_comes_once(pair):
    until(lambda: not pair.number_of(JobRow, JobRow.kind == UPGRADE))
    pair.pool.answers = [None, completion(GOOD)]
    pair.pool.requests.clear()
    pair.pool.stalled.clear()
    try:
        (first,) = pair.explain(0, {"user": "u5", "k": 1})
        assert first["pending"]
        assert pair.pool.stalled.wait(60)
        mine = (JobRow.explanation_id == first["id"], JobRow.kind == UPGRADE, JobRow.state == TAKEN)
        with pair.database.session() as session:
            query = select(ProcessRow.place).join(JobRow, JobRow.taken_by == ProcessRow.id)
            place = session.scalar(query.where(*mine))
        os.kill(int(place.rpartition(":")[2]), signal.SIGKILL)
        assert [event for event, _ in pair.events(1, first["id"])][-1] == "end"
    finally:
        pair.pool.answers = [completion(GOOD)]
    later = pair.ask(0, "GET", f"/v1/explanations/{first['id']}").json()
    assert not later["pending"]
    assert pair.number_of(RevisionRow, RevisionRow.explanation_id == first["id"]) == (later["revision"] == 2)


def test_the_log_of_all_is_whole(pair):
    with pair.database.session() as session:
        assert check_log(session, KEPT).sound
        assert session.scalar(select(func.count()).select_from(ExplanationRow)) > 5
