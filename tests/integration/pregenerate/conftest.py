"""Databases of both kinds, and processes, for tests of what is written before anybody asks."""

from __future__ import annotations

import multiprocessing
import shutil

import pytest

from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing
from explainer.service.subject.listed import ErasureList
from explainer.storage.database import Database
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, fill
from tests.databases import without_nul
from tests.integration.pregenerate.acting import Typist, over, whole_run
from tests.integration.pregenerate.checks import USERS


@pytest.fixture(scope="package")
def dataset(dataset):
    return without_nul(dataset)


@pytest.fixture(scope="package")
def model(dataset):
    return fit(dataset, HashEncoder(), SMALL_HYBRID)


@pytest.fixture(scope="package")
def models(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    model.save(folder)
    return folder


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def server(request):
    return None if request.param == "sqlite" else request.getfixturevalue("postgresql")


@pytest.fixture(scope="package")
def template(server, dataset, tmp_path_factory):
    """URL of a database that is only copied: all migrations for each test would take the most of its time."""
    url = f"sqlite:///{tmp_path_factory.mktemp('pre') / 'filled.db'}" if server is None else server.new()
    database = Database(url)
    fill(database, dataset)
    database.engine.dispose()
    return url


@pytest.fixture
def new_database(server, template, tmp_path):
    made = []

    def make():
        if server is None:
            url = f"sqlite:///{shutil.copy(template.removeprefix('sqlite:///'), tmp_path / f'pre{len(made)}.db')}"
        else:
            url = server.new(template)
        made.append(Database(url))
        return made[-1]

    yield make
    for database in made:
        database.engine.dispose()
        if server is not None:
            server.drop(database.url)


@pytest.fixture
def database(new_database):
    return new_database()


@pytest.fixture
def typist():
    return Typist()


@pytest.fixture
def explainer(database, model, typist):
    return over(database, model, typist)


@pytest.fixture
def processes():
    """Starts whole runs in processes that have the libraries loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.pregenerate.acting"])
    started = []

    def start(database, models, users=USERS):
        ours, theirs = context.Pipe()
        process = context.Process(target=whole_run, args=(database.url, models, users, theirs))
        process.start()
        theirs.close()
        started.append(process)
        return process, ours

    yield start
    for process in started:
        process.kill()
        process.join()


@pytest.fixture
def erasing(tmp_path):
    key = ErasureKey.load(tmp_path / "outside" / "erasure.key")
    return Erasing(key, ErasureList(tmp_path / "outside" / "erasures.jsonl", key))
