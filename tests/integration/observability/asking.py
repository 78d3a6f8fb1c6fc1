"""Somebody with something to hide, and who asks for them."""

from __future__ import annotations

from contextlib import contextmanager

from litestar.testing import TestClient

from explainer.server.app import create_app
from explainer.server.parts import Parts

USER, COMMENT = "u1", "My late uncle loved this film"


@contextmanager
def client_of(explainer, key, **more):
    with TestClient(create_app(explainer, 4, parts=Parts(**more)), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield client
