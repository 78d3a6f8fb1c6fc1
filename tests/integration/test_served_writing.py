"""The service with an engine that misbehaves: every request gets a true text within its deadline, and it is stored."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import uvicorn
from litestar.testing import TestClient
from sqlalchemy import select

from explainer.access.keys import create_key
from explainer.assembly import make_served_explainer
from explainer.errors import AssetError, EngineUnavailable, SettingsError
from explainer.paths import adapter_dir
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.engines import Draft
from explainer.writing.limits import Limits
from explainer.writing.prompts import PromptLibrary
from explainer.writing.slots import fill
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from tests.pool import Pool, answer

_S = 20
_PLACES = 16


class Scripted:
    """Does with each batch what it is told; a batch that it is told nothing of it writes well or badly by the gate."""

    name, model_hash, adapter_hash = "scripted", "m", "a"
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self, do=None):
        self.do = do or (lambda prompts: [Draft("{item} has no excuse.")] * len(prompts))
        self.started = threading.Semaphore(0)
        self.release = threading.Event()
        self.batches = 0

    def write(self, prompts, sampling):
        self.batches += 1
        self.started.release()
        return self.do(prompts)


class Stalling(Scripted):
    def __init__(self):
        super().__init__(self._stall)

    def _stall(self, prompts):
        assert self.release.wait(_S)
        return [Draft("{item}") for _ in prompts]


def dying(prompts):
    raise RuntimeError("CUDA error: device-side assert triggered")


def going_away(prompts):
    raise SystemExit(1)


RUBBISH = {
    "dies": dying,
    "exits": going_away,
    "says it is down": lambda prompts: (_ for _ in ()).throw(EngineUnavailable("down")),
    "writes too few": lambda prompts: [Draft("{item}")] * (len(prompts) - 1),
    "writes nothing": lambda prompts: [],
    "writes no text": lambda prompts: [None] * len(prompts),
    "writes bytes": lambda prompts: [Draft(b"x")] * len(prompts),
    "writes empty texts": lambda prompts: [Draft("")] * len(prompts),
    "writes rubbish": lambda prompts: [Draft("\x00<script>{b9}{{7*7}} 100%" * 1000)] * len(prompts),
}


@contextmanager
def service(explainer, engine, *, deadline_s=_S, **limits):
    """Yield the app over the explainer with the engine behind a worker, and the worker."""
    worker = BatchingEngine(engine, Limits(**{"stall_s": deadline_s, **limits}))
    served = Explainer(explainer.database, explainer.model, Writer(PromptLibrary(), load_vocabulary, worker))
    try:
        yield create_app(served, _PLACES, deadline_s), worker
    finally:
        if isinstance(engine, Scripted):
            engine.release.set()
        worker.close(_S)
        worker._thread.join(_S)
    assert not worker._thread.is_alive()


@contextmanager
def signed_in(app, database):
    with database.session() as session:
        key = create_key(session, "test")
    with TestClient(app) as client:
        client.headers["X-API-Key"] = key
        yield client


def explain(client, user, k=2):
    made = client.post("/v1/explanations", json={"user": user, "k": k}, headers={"Prefer": f"wait={_S}"})
    assert made.status_code == 201, made.text
    return made.json()["explanations"]


def check_stored(database, shown):
    """Everything shown is stored as it was shown, once, with an audit entry, and made of its stored facts."""
    with database.session() as session:
        rows = {row.id: row for row in session.scalars(select(ExplanationRow))}
        assert {e["id"]: e["text"] for e in shown} == {row.id: row.text for row in rows.values()}
        assert all(fill(row.draft, row.slots) == row.text for row in rows.values())
        made = select(AuditEntryRow.record_id).where(AuditEntryRow.event == "explanation.created")
        assert sorted(session.scalars(made)) == sorted(rows)


def check_grounded(shown):
    for explanation in shown:
        assert explanation["source"] == "template"
        assert explanation["text"]
        assert explanation["evidence"]


@pytest.mark.parametrize("do", RUBBISH.values(), ids=RUBBISH)
def test_an_engine_that_fails_costs_nobody_their_text(explainer, database, do):
    with service(explainer, Scripted(do)) as (app, worker), signed_in(app, database) as client:
        with ThreadPoolExecutor(8) as pool:
            shown = [e for found in pool.map(lambda n: explain(client, f"u{n}"), range(8)) for e in found]
        assert worker.counters.batches
        assert worker._thread.is_alive()
    check_grounded(shown)
    assert len(shown) == 16
    check_stored(database, shown)


def test_an_engine_that_stalls_costs_nobody_their_text(explainer, database):
    with service(explainer, Stalling(), deadline_s=0.5) as (app, worker), signed_in(app, database) as client:
        with ThreadPoolExecutor(8) as pool:
            shown = [e for found in pool.map(lambda n: explain(client, f"u{n}"), range(8)) for e in found]
        counters = worker.counters
        assert counters.timeouts + counters.refused >= 8
    check_grounded(shown)
    check_stored(database, shown)


def test_after_a_stall_the_engine_writes_again(explainer, database):
    engine = Stalling()
    good = "You gave {b1} {b1.value}, and {item} is close to it in spirit."
    with service(explainer, engine, deadline_s=0.5) as (app, worker), signed_in(app, database) as client:
        check_grounded(explain(client, "u1"))
        engine.do = lambda prompts: [Draft(good) for _ in prompts]
        engine.release.set()
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._running_since is None, _S)
        before = engine.batches
        explain(client, "u2", 5)
        assert engine.batches > before


def test_a_full_backlog_is_templates_now_rather_than_later(explainer, database):
    with service(explainer, Scripted(), backlog=1) as (app, worker), signed_in(app, database) as client:
        shown = explain(client, "u1", 10)
        assert worker.counters.refused
    check_grounded(shown)
    check_stored(database, shown)


def test_the_page_and_the_preview_have_the_deadline_too(explainer, database):
    with service(explainer, Stalling(), deadline_s=0.5) as (app, _), signed_in(app, database) as client:
        assert client.get("/", params={"user": "u1"}).status_code == 200
        with database.session() as session:
            assert session.scalars(select(ExplanationRow.source)).all() == ["template"] * 6
        item = next(iter(explainer.history("u2").items()))
        shown = client.post("/v1/users/u2/preview", json={"exclude": [item], "k": 3})
        assert shown.status_code == 200
        assert all(row["text"] for row in shown.json()["recommendations"])


@contextmanager
def listening(app):
    """Yield the address of the app on a real socket, behind the server that `explainer serve` uses."""
    held = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [held]})
    thread.start()
    try:
        yield held.getsockname()
    finally:
        server.should_exit = True
        thread.join(_S)
        held.close()
    assert not thread.is_alive()


def post(address, key, body):
    """Send a request and return the open connection."""
    raw = json.dumps(body).encode()
    head = (
        f"POST /v1/explanations HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n"
        f"Prefer: wait={_S}\r\n"
        f"Content-Length: {len(raw)}\r\nConnection: close\r\n\r\n"
    )
    connection = socket.create_connection(address, timeout=_S)
    connection.sendall(head.encode() + raw)
    return connection


def read(connection):
    with connection, connection.makefile("rb") as file:
        return file.read().decode()


def test_a_client_that_hangs_up_ends_what_is_done_for_it_and_for_nobody_else(explainer, database):
    engine = Stalling()
    with database.session() as session:
        key = create_key(session, "test")
    with service(explainer, engine) as (app, worker), listening(app) as address:
        staying = post(address, key, {"user": "u1", "k": 1})
        assert engine.started.acquire(timeout=_S)
        leaving = post(address, key, {"user": "u2", "k": 1})
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._waiting, _S)
        leaving.close()
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._counters.abandoned == 1 and not worker._waiting, _S)
        engine.release.set()
        assert "201 Created" in read(staying)
    with database.session() as session:
        assert session.scalars(select(ExplanationRow.user_id)).all() == ["u1"], "what nobody was shown is not stored"


def test_stopping_the_service_answers_those_who_wait(explainer, database):
    engine = Stalling()
    with database.session() as session:
        key = create_key(session, "test")
    with service(explainer, engine) as (app, worker):
        with listening(app) as address:
            waiting = post(address, key, {"user": "u1", "k": 1})
            assert engine.started.acquire(timeout=_S)
            engine.release.set()
        answered = read(waiting)
        assert "201 Created" in answered
        assert not worker._thread.is_alive()


@pytest.fixture
def served_settings(database, model, tmp_path):
    model.save(tmp_path / "home" / "models")
    return Settings(home=tmp_path / "home", database_url=str(database.engine.url))


def check_degraded(explainer, database, caplog, words):
    assert explainer.writer.engine is None
    assert words in caplog.text
    with signed_in(create_app(explainer, 4), database) as client:
        shown = explain(client, "u1")
        ready = client.get("/health/ready")
    check_grounded(shown)
    check_stored(database, shown)
    assert ready.status_code == 200
    assert ready.json()["status"] == "degraded"
    assert "could not be loaded" in ready.json()["reasons"][0]
    assert "/" not in ready.json()["reasons"][0], "whoever has no key learns no paths"


def test_the_service_starts_on_templates_when_there_is_no_adapter(served_settings, database, caplog, tmp_path):
    settings = served_settings.model_copy(update={"engine": "transformers", "adapter": tmp_path / "nowhere"})
    check_degraded(make_served_explainer(settings), database, caplog, "no adapter in")


@pytest.mark.parametrize("damage", ["cut weights", "broken config"])
def test_the_service_starts_on_templates_when_the_adapter_is_damaged(
    served_settings, database, caplog, tmp_path, damage, monkeypatch
):
    adapter = tmp_path / "adapter"
    shutil.copytree(adapter_dir("en"), adapter)
    file = adapter / ("adapter_model.safetensors" if damage == "cut weights" else "adapter_config.json")
    file.write_bytes(file.read_bytes()[:200])
    settings = served_settings.model_copy(update={"engine": "transformers", "adapter": adapter})
    monkeypatch.setattr(Settings, "cache", Settings().cache)  # the unpacked base is there already
    check_degraded(make_served_explainer(settings), database, caplog, "cannot be loaded")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF\x03\x00\x00\x00" + b"\xff" * 64, b"<html>"])
def test_the_service_starts_on_templates_when_the_base_is_damaged(served_settings, database, caplog, tmp_path, content):
    base = tmp_path / "model.gguf"
    base.write_bytes(content)
    settings = served_settings.model_copy(update={"engine": "transformers", "base_model": str(base)})
    check_degraded(make_served_explainer(settings), database, caplog, "cannot be loaded")


def test_a_command_says_what_is_missing_instead(served_settings, tmp_path):
    from explainer.assembly import make_explainer

    with pytest.raises(AssetError, match="no adapter in"):
        make_explainer(served_settings.model_copy(update={"engine": "transformers", "adapter": tmp_path}))


def test_a_server_that_is_down_is_no_reason_not_to_start_but_a_wrong_setting_is(served_settings, database):
    with Pool(answer({}, "500 x")) as pool:
        update = {"engine": "openai", "openai_url": pool.url, "openai_model": "adapter", "deadline_s": 10.0}
    explainer = make_served_explainer(served_settings.model_copy(update=update))  # the pool has gone
    with signed_in(create_app(explainer, 4), database) as client:
        shown = explain(client, "u1")
    check_grounded(shown)
    assert not explainer.writer.engine._thread.is_alive(), "the app ended the worker when it stopped"
    with pytest.raises(SettingsError, match="EXPLAINER_OPENAI_URL"):
        make_served_explainer(served_settings.model_copy(update={**update, "openai_url": "nowhere"}))
