"""A client of an app, with a key of its own."""

from __future__ import annotations

from contextlib import contextmanager

from litestar.testing import TestClient

from explainer.access import Role
from explainer.access.keys import create_key


@contextmanager
def client_of(app, database, role=Role.APP, name="test"):
    """Yield a client that asks with a new key of a role."""
    with database.session() as session:
        key = create_key(session, name, role)
    with TestClient(app) as made:
        made.headers["X-API-Key"] = key
        yield made
