"""A catalogue with private things, fitted and stored, and a service of it that is asked as a role."""

from __future__ import annotations

import json

import msgspec
import pytest

from explainer.access import Caller, Role
from explainer.evidence.firewall import shipped_words
from explainer.service.shown import shown_to
from explainer.service.views import Looker
from explainer.storage.later import get_with_later
from tests.conftest import fill
from tests.integration.watched import PIOUS, asking, fitted, private_dataset


@pytest.fixture(scope="session")
def model():
    return fitted()


@pytest.fixture
def database(make_database, templates, model):
    return make_database("private", templates(id(model), lambda first: fill(first, private_dataset())))


@pytest.fixture
def asks(database, model):
    """A client that asks as a role."""
    with asking(database, model) as ask:
        yield ask


@pytest.fixture
def made(asks, database):
    """An explanation as whoever sees all of it does; nobody has looked at it yet."""
    made = asks(Role.APP, "/v1/explanations", "POST", {"user": PIOUS, "k": 2}).json()["explanations"][0]
    with database.session() as session:
        row, later = get_with_later(session, made["id"])
        admin = Looker(Caller("test", Role.ADMIN, frozenset()))
        whole = shown_to(session, admin, row, later, shipped_words(), recorded=False)
    return json.loads(msgspec.json.encode(whole))
