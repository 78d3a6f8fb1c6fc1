"""A database of each kind with the catalogue, copied for every test of jobs."""

from __future__ import annotations

import itertools
import shutil

import pytest

from explainer.bench.home import fill
from explainer.storage.database import Database
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder
from tests.databases import without_nul


@pytest.fixture(scope="package")
def plain(dataset):
    return without_nul(dataset)


@pytest.fixture(scope="package")
def model(plain):
    return fit(plain, HashEncoder(), SMALL_HYBRID)


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def copies(request, tmp_path_factory, plain):
    """Return what copies a database that holds the catalogue, and what removes a copy."""
    folder, numbers = tmp_path_factory.mktemp("jobs"), itertools.count()
    if request.param == "sqlite":
        fill_and_leave(f"sqlite:///{folder / 'jobs.db'}", plain)
        return lambda: f"sqlite:///{shutil.copy(folder / 'jobs.db', folder / f'{next(numbers)}.db')}", lambda _: None
    server = request.getfixturevalue("postgresql")
    filled = server.new()
    fill_and_leave(filled, plain)
    return lambda: server.new(template=filled), server.drop


def fill_and_leave(url, plain):
    made = Database(url)
    fill(made, plain)
    made.engine.dispose()


@pytest.fixture
def database(copies):
    copy, remove = copies
    made = Database(copy())
    yield made
    made.engine.dispose()
    remove(made.url)
