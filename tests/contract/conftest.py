"""A database that holds vectors."""

from __future__ import annotations

import pytest

from explainer.storage.database import Database
from explainer.storage.vectors.table import make_table


@pytest.fixture(scope="module")
def database(postgresql):
    made = Database(postgresql.new())
    made.migrate()
    with made.engine.begin() as connection:
        if missing := make_table(connection):
            pytest.skip(missing)
    yield made
    made.engine.dispose()
