"""While the language model is away, everybody still gets a text, or is told when to come back."""

from __future__ import annotations

import asyncio

import pytest

from explainer.access.keys import create_key
from explainer.bench.engine_down import Home, engine_down
from tests.homes import make_home

REQUESTS = 90


@pytest.fixture(scope="module")
def found(tmp_path_factory, dataset, model):
    home = tmp_path_factory.mktemp("home")
    database = make_home(home, dataset, model)
    with database.session() as session:
        key = create_key(session, "test")
    users = [f"u{n}" for n in range(120)]
    served = Home(home, database.url, key, users, home / "log")
    return asyncio.run(engine_down(served, REQUESTS, 20))


@pytest.mark.parametrize("way", ["stopped", "stalled", "queue full"])
def test_nobody_gets_an_error(found, way):
    answered = found[way]
    assert answered.requests == REQUESTS // 3
    assert answered.unhandled_5xx == 0
    assert answered.others == []
    assert answered.answered == answered.requests


@pytest.mark.parametrize("way", ["stopped", "stalled", "queue full"])
def test_a_model_that_is_away_takes_nobody_s_text_with_it(found, way):
    assert found[way].texts > 0
