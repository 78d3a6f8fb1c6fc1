"""Where tests keep their databases: files, or databases of their own on a PostgreSQL.

``EXPLAINER_TEST_DATABASE=postgresql`` starts one from a Python package; a URL names one where databases may be made.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from itertools import count

from sqlalchemy import create_engine, make_url, text

from retriever.data import Dataset

NAMED = os.environ.get("EXPLAINER_TEST_DATABASE", "sqlite")
ON_POSTGRESQL = NAMED != "sqlite"


class Databases:
    """Makes empty databases, and copies of one that is filled already; all are gone at the end of the block.

    Args:
        server: URL of a PostgreSQL.
    """

    def __init__(self, server):
        self._server = server
        self._numbers = count()

    def new(self, template=None):
        """Return the URL of a new database."""
        name = f"explainer_test_{os.getpid()}_{next(self._numbers)}"
        self._command(f"CREATE DATABASE {name}" + (f" TEMPLATE {make_url(template).database}" if template else ""))
        return make_url(self._server).set(database=name).render_as_string(hide_password=False)

    def drop(self, url):
        """Remove a database, whoever is still connected."""
        self._command(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _command(self, statement):
        engine = create_engine(self._server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def databases():
    """Yield what makes databases; None where they are files."""
    if not ON_POSTGRESQL:
        yield None
    elif NAMED == "postgresql":
        from explainer.bench.postgres import own_postgresql

        with own_postgresql() as url:
            yield Databases(url)
    else:
        yield Databases(NAMED)


def without_nul(dataset: Dataset) -> Dataset:
    """Return a dataset that PostgreSQL can hold: it takes every character but NUL."""
    return replace(dataset, items=tuple(replace(i, title=i.title.replace("\x00", "")) for i in dataset.items))
