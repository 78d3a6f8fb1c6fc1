"""What tests of the whole share: a signed-in client of a real app."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient

from explainer.access.keys import create_key
from explainer.server.app import create_app


@pytest.fixture
def client(explainer, database):
    with database.session() as session:
        key = create_key(session, "test")
    with TestClient(create_app(explainer, queue=4)) as made:
        made.headers["X-API-Key"] = key
        yield made
