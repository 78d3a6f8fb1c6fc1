"""A signed-in client of an app that can encode new items."""

from __future__ import annotations

import pytest

from explainer.server.app import create_app
from explainer.server.parts import Parts
from tests.conftest import HashEncoder
from tests.integration.batches.acting import signed_in


@pytest.fixture
def client(explainer, database):
    with signed_in(create_app(explainer, queue=4, parts=Parts(encoder=HashEncoder())), database) as made:
        yield made
