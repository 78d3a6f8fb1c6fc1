"""A real service of two processes and a real worker: all take up what is promoted, and say where they cannot."""

from __future__ import annotations

import asyncio

import msgspec
import numpy as np
import pytest
from safetensors.numpy import save_file
from sqlalchemy import select

from explainer.access.keys import create_key
from explainer.bench.client import Connection, request
from explainer.bench.served import serving, working
from explainer.loading import make_adapters
from explainer.settings import Settings
from explainer.storage.service_tables import StartRow
from explainer.writing.engines.weights import weights_hash
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder
from tests.homes import make_home
from tests.integration.succession.acting import adapter, processes, written
from tests.pool import Pool, answer, cards, completion

_S = 240


class Shop:
    """A home with three registered adapters, the first of which is in production."""

    def __init__(self, folder, dataset):
        self.home, base = folder / "home", folder / "base"
        for made in (self.home, base):
            made.mkdir()
        save_file({"w": np.ones(3, dtype=np.float32)}, base / "model.safetensors")
        self.database = make_home(self.home, dataset, fit(dataset, HashEncoder(), SMALL_HYBRID))
        with self.database.session() as session:
            self.key = create_key(session, "test")
        settings = Settings(_env_file=None, home=self.home, base_model=str(base))
        self.registry = make_adapters(settings, self.database)
        self.versions = []
        for number, name in enumerate("abc"):
            made, version = adapter(folder / name, number, weights_hash(base))
            self.registry.add(made)
            self.versions.append(version)
        self.registry.promote(self.versions[0])
        self.settings = {"ENGINE": "openai", "OPENAI_MODEL": "explainer-{adapter}", "BASE_MODEL": str(base)}

    async def explain(self, port, user):
        """Return the one explanation that a process answers with."""
        connection = await Connection.open(port)
        given = {"X-API-Key": self.key, "Prefer": "wait=60"}
        answer = await connection.ask(
            request("POST", "/v1/explanations", given, msgspec.json.encode({"user": user, "k": 1}))
        )
        connection.close()
        assert answer.status == 201, answer.body
        (one,) = msgspec.json.decode(answer.body)["explanations"]
        return one

    async def all_say(self, holds):
        """Wait until each of the three has said what holds."""
        said = {}
        async with asyncio.timeout(_S):
            while len(said) < 3:
                said |= {row.place: row for row in await asyncio.to_thread(processes, self.database) if holds(row)}
                await asyncio.sleep(0.1)
        return said


@pytest.fixture
def shop(tmp_path, dataset):
    made = Shop(tmp_path, dataset)
    yield made
    made.database.engine.dispose()


def named(version):
    return f"explainer-{version[:12]}"


def listed(*versions):
    return cards(*({"id": named(one), "root": f"/{one}", "parent": "base"} for one in versions))


def answering(*versions):
    """Return what answers as a server does that has these adapters."""

    def answered(body):
        if body["model"] not in map(named, versions):
            return answer({"message": "no such model"}, "404 Not Found")
        return completion(written(body["messages"][-1]["content"]))

    return answered


def test_two_processes_and_a_worker_take_it_up_and_say_so_where_no_server_has_it(shop):
    first, second, third = shop.versions

    async def story(pool, given):
        logs = shop.home / "log", shop.home / "log of the worker"
        async with serving(shop.home, given | {"WORKERS": "2"}, logs[0]) as served, working(shop.home, given, logs[1]):
            before = await shop.all_say(lambda row: row.writer)
            shop.registry.promote(second)
            during = [await shop.explain(served.port, f"u{n}") for n in range(4)]
            (old,) = {row.writer for row in before.values()}
            after = await shop.all_say(lambda row: row.writer != old)
            (new,) = {row.writer for row in after.values()}
            shop.registry.promote(third)
            await shop.all_say(lambda row: third[:12] in row.trouble and row.writer == new)
            later = [await shop.explain(served.port, f"u{n}") for n in range(4, 6)]
            assert {one["versions"]["writer"] for one in during} <= {old, new}
            assert {one["versions"]["writer"] for one in later} == {new}
            return new, set(after)

    with Pool(answering(first, second), models=listed(first, second)) as pool:
        new, places = asyncio.run(story(pool, shop.settings | {"OPENAI_URL": pool.url}))
    with shop.database.session() as session:
        taken = session.scalars(select(StartRow.place).where(StartRow.writer == new)).all()
    assert sorted(taken) == sorted(places), "each put on record once that it writes with another"
