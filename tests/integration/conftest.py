"""What tests of the whole share: a signed-in client of a real app."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from explainer.access.keys import create_key
from explainer.server.app import create_app
from explainer.storage.database import Database
from tests.integration.overheard import logging_all


@pytest.fixture
def client(explainer, database):
    with database.session() as session:
        key = create_key(session, "test")
    with TestClient(create_app(explainer, queue=4)) as made:
        made.headers["X-API-Key"] = key
        yield made


@pytest.fixture
def home_database(tmp_path, on_server, make_database, monkeypatch):
    """The database of a home for commands: a file in it, or one on a server that they are told of."""
    if on_server is None:
        return Database(f"sqlite:///{tmp_path / 'home' / 'explainer.db'}")
    made = make_database("home")
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", made.url)
    return made


@pytest.fixture
def spans():
    """What a tracer made, once a test gives one that puts it here."""
    return InMemorySpanExporter()


@pytest.fixture
def logged():
    """Everything is logged, down to the last word of every library; call it for the text so far."""
    with logging_all() as text:
        yield text
