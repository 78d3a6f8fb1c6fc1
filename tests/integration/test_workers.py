"""Several processes that serve on one port are one service to whoever asks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from pathlib import Path

import msgspec
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.assembly import make_encoder
from explainer.bench.client import Connection, request
from explainer.bench.errors import BenchError
from explainer.bench.served import serving
from explainer.server.handing import channel
from explainer.server.workers import Workers, _Worker
from explainer.settings import Settings
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID
from tests.homes import make_home

SETTINGS = {"ENGINE": "none", "WORKERS": "2"}
READS = 6


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, dataset):
    """A home that is only copied: its model knows the meaning of words, so that new items can be told of."""
    folder = tmp_path_factory.mktemp("prepared")
    encoder = make_encoder(Settings(home=folder, _env_file=None))
    database = make_home(folder, dataset, fit(dataset, encoder, SMALL_HYBRID))
    with database.session() as session:
        key = create_key(session, "test", Role.ADMIN)
    database.engine.dispose()
    return folder, key


@pytest.fixture
def home(prepared, tmp_path):
    shutil.copytree(prepared[0], tmp_path, dirs_exist_ok=True)
    return tmp_path, prepared[1]


@pytest.fixture(scope="module")
def shared(prepared, tmp_path_factory):
    """A service that several tests ask, and that none of them ends: call it with a story."""
    folder = shutil.copytree(prepared[0], tmp_path_factory.mktemp("shared"), dirs_exist_ok=True)
    with asyncio.Runner() as runner:
        serves = serving(folder, SETTINGS, folder / "log")
        served = runner.run(serves.__aenter__())
        try:
            yield lambda story: runner.run(story(served, prepared[1]))
        finally:
            runner.run(serves.__aexit__(None, None, None))


async def ask(served, key, method, path, body=None):
    """Ask over a connection of its own, so that the processes answer in turn."""
    connection = await Connection.open(served.port)
    raw = request(method, path, {"X-API-Key": key}, b"" if body is None else msgspec.json.encode(body))
    answer = await connection.ask(raw)
    connection.close()
    return answer


def workers_of(served):
    """Return the processes that answer: not the one that accepts, nor multiprocessing's own helper."""
    children = psutil.Process(served.process.pid).children()
    living = (one for one in children if one.status() != psutil.STATUS_ZOMBIE)
    return [one for one in living if "resource_tracker" not in " ".join(one.cmdline())]


async def until(holds):
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110  what other processes do, no event tells
            await asyncio.sleep(0.05)


def counted(answer, name, **labels):
    families = text_string_to_metric_families(answer.body.decode())
    samples = (sample for family in families for sample in family.samples)
    return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())


def test_both_answer_and_count_together(shared):
    async def story(served, key):
        async def counts():
            found = await ask(served, key, "GET", "/metrics")
            route = {"method": "POST", "route": "/v1/explanations", "status": "201"}
            stored = counted(found, "explainer_explanations_total", source="template", locale="en")
            return counted(found, "explainer_http_requests_total", **route), stored

        assert len(workers_of(served)) == 2
        asked, stored = await counts()
        made = [await ask(served, key, "POST", "/v1/explanations", {"user": f"u{n}", "k": 1}) for n in range(READS)]
        assert [one.status for one in made] == [201] * READS

        async def told():
            return await counts() == (asked + READS, stored + READS)

        await until(told)  # a process tells the others within a second

    shared(story)


def test_an_item_that_came_through_one_is_explained_by_the_other_at_once(shared):
    async def story(served, key):
        item = {"id": "new", "title": "A New Film", "aspects": ["noir"]}
        stored = await ask(served, key, "PUT", "/v1/items", {"items": [item]})
        assert stored.status == 200
        for _ in range(4):  # in turn, so by both
            answer = await ask(served, key, "POST", "/v1/explanations", {"user": "u1", "item": "new"})
            assert answer.status == 201, answer.body

    shared(story)


def test_one_that_dies_is_replaced_and_the_rest_go_on(shared):
    async def story(served, key):
        first, second = workers_of(served)
        # What it would leave if it was packing records when it was killed: nobody holds its lock any more.
        words = psutil.Process(served.process.pid).cmdline()
        left = Path(words[words.index("--home") + 1]) / "scratch" / "package-left"
        left.mkdir()
        (left / "records.jsonl").write_text("of people")
        os.kill(first.pid, signal.SIGKILL)

        async def replaced():
            return len(workers_of(served)) == 2 and first.pid not in {one.pid for one in workers_of(served)}

        await until(replaced)

        async def swept():
            return not left.exists()

        await until(swept)
        for _ in range(READS):
            assert (await ask(served, key, "GET", "/v1/users/u1/recommendations")).status == 200
        assert second.is_running()

    shared(story)


def test_when_nothing_can_take_its_place_the_rest_go_on_until_the_first_is_killed(home):
    async def story(served):
        first, second = workers_of(served)
        for file in (home[0] / "models").rglob("model.json"):
            file.unlink()
        os.kill(first.pid, signal.SIGKILL)

        async def tried():
            return b"exit code 1" in (home[0] / "log").read_bytes()

        await until(tried)
        for _ in range(READS):
            assert (await ask(served, home[1], "GET", "/v1/users/u1/recommendations")).status == 200
        assert second.is_running()
        workers = workers_of(served)
        served.process.kill()

        async def gone():
            return not any(one.is_running() for one in workers)

        await until(gone)

    run(home, story)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_all_end_with_the_first_and_the_log_is_signed(home, sent):
    async def story(served):
        assert (await ask(served, home[1], "POST", "/v1/explanations", {"user": "u1", "k": 1})).status == 201
        workers = workers_of(served)
        served.process.send_signal(sent)
        assert await served.process.wait() == 0
        assert not any(one.is_running() for one in workers)

    run(home, story)
    assert list((home[0] / "checkpoints").glob("*.checkpoint"))


def test_when_none_can_start_the_service_says_so_and_ends(home):
    for file in (home[0] / "models").rglob("model.json"):
        file.unlink()

    async def story(_):
        pytest.fail("it serves")

    with pytest.raises(BenchError, match=r"A process of the service could not start"):
        run(home, story)


class Process:
    """Stands for one of the processes; counts how often it is told to end."""

    def __init__(self):
        self.told = 0

    def terminate(self):
        self.told += 1

    def join(self, _):
        pass

    def is_alive(self):
        return False


@pytest.mark.parametrize("drains", [False, True])
def test_each_is_told_once_to_end_also_when_it_ends_before_it_served(tmp_path, drains):
    listener, end = channel()
    served = Workers(Settings(_env_file=None, home=tmp_path, drain_s=0.001), listener)
    process = Process()
    served._workers.append(_Worker(process, end))
    if drains:
        served._drain()
    served._end()
    assert process.told == 1
    for one in (listener, end):
        one.close()


def run(home, story, **settings):
    async def served_story():
        async with serving(home[0], SETTINGS | settings, home[0] / "log") as served:
            await story(served)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(served_story())
