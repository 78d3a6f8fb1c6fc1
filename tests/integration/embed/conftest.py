"""An app that lets one shop in, the shop's key, and an explanation with a token that opens it."""

from __future__ import annotations

import pytest
from litestar.testing import TestClient

from explainer.access.keys import create_key
from explainer.server.app import create_app
from explainer.server.parts import Parts
from tests.integration.embed.acting import SHOP, ask, bearer


def app_for_the_shop(explainer):
    return create_app(explainer, queue=4, parts=Parts(embed_origins=[SHOP]))


def key_for_the_shop(database):
    with database.session() as session:
        return {"X-API-Key": create_key(session, "shop")}


@pytest.fixture
def shop(explainer):
    """Yield a client of an app that lets one shop in; the browser's side, so without a key."""
    with TestClient(app_for_the_shop(explainer)) as made:
        yield made


@pytest.fixture
def key(database):
    return key_for_the_shop(database)


@pytest.fixture
def row(explainer):
    return explainer.explain_top("u3", 1)[0]


@pytest.fixture
def token(shop, key, row):
    return bearer(ask(shop, key, row.id).json()["token"])


@pytest.fixture(scope="module")
def kept(kept_explainer):
    """The shop, its key and an explanation, one of each for all tests of a file that are refused or only read."""
    row = kept_explainer.explain_top("u3", 1)[0]
    with TestClient(app_for_the_shop(kept_explainer)) as made:
        yield made, key_for_the_shop(kept_explainer.database), row
