"""While the language model is away, everybody still gets a text, or is told when to come back."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from explainer.access.keys import create_key
from explainer.bench.client import Answer
from explainer.bench.engine_down import Answered, Home, engine_down
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
def test_a_model_that_is_away_takes_hardly_anybody_s_text_with_it(found, way):
    assert found[way].texts > found[way].requests * 2 // 3


def test_while_the_queue_is_full_those_who_would_wait_get_a_text_at_once(found):
    would = REQUESTS // 3 // 2
    assert found["queue full"].waited < would, "nobody was turned away: the queue was never full"
    assert found["stopped"].waited == would


def answer(**told):
    one = {"title": "Alien", "text": "You liked Aliens; Alien is like it.", "source": "template", **told}
    body = msgspec.json.encode({"explanations": [{"evidence": [{"title": "Aliens"}], **one}]})
    return Answer(201, b"http/1.1 201 created", body, 0.1)


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ({}, True),
        ({"evidence": []}, True),
        ({"text": ""}, False),
        ({"text": "It is like Heat.", "evidence": [{"title": "Heat"}]}, False),
        ({"text": "Alien is for you.", "evidence": [{"title": "Heat"}]}, False),
        ({"source": "nobody"}, False),
    ],
)
def test_a_text_counts_if_it_names_its_facts(told, counts):
    answered = Answered()
    answered.add(answer(**told))
    assert (answered.texts, answered.answered) == (counts, counts)
