"""Why an item is not in a list, and what would have kept one out of it, by API."""

from __future__ import annotations

import pytest

from retriever.retrieve import recommend
from tests.integration.problems import problem_of


def ask(client, **params):
    return client.get("/v1/why-not", params=params)


def test_an_outranked_item_is_told_its_rank_its_score_and_what_was_needed(client, explainer):
    everything = recommend(explainer.model.recommender, explainer.history("u1"), 1000)
    target = everything[-1]
    found = ask(client, user="u1", item=target.item.id, k=2).json()
    assert found["standing"] == "outranked"
    assert (found["rank"], found["of"]) == (len(everything), len(everything))
    assert found["needed"] == pytest.approx(everything[1].score)
    assert found["score"] == pytest.approx(target.score)
    assert found["score"] < found["needed"]
    assert f"ranks {found['rank']} of {found['of']}" in found["words"]


def test_what_speaks_for_it_is_what_the_explanation_says(client):
    (made,) = client.post("/v1/explanations", json={"user": "u1", "k": 1}).json()["explanations"]
    found = ask(client, user="u1", item=made["item"]).json()
    assert found["standing"] == "listed"
    best = max(made["contributions"], key=made["contributions"].get)
    assert found["speaks_for"][0]["behaviour_id"] == best
    assert found["speaks_for"][0]["contribution"] == pytest.approx(made["contributions"][best])
    assert all(part["contribution"] < 0 for part in found["speaks_against"])


def test_what_was_met_is_not_news(client, explainer):
    met = explainer.history("u1").behaviours[0].item
    found = ask(client, user="u1", item=met).json()
    assert (found["standing"], found["rank"], found["score"]) == ("met", None, None)


def test_somebody_new_has_nothing_for_or_against(client):
    found = ask(client, user="nobody", item="i1").json()
    assert found["speaks_for"] == found["speaks_against"] == []


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"user": "u1", "item": "nope"}, 404),
        ({"user": "u1"}, 400),
        ({"user": "", "item": "i1"}, 400),
        ({"user": "u1", "item": "i1", "k": 51}, 400),
    ],
)
def test_questions_that_make_no_sense_are_problems(client, params, status):
    problem_of(ask(client, **params), status)


def test_the_counterfactual_of_an_explanation_is_the_stored_one(client):
    made = client.post("/v1/explanations", json={"user": "u1", "k": 3}).json()["explanations"]
    for one in made:
        assert client.get(f"/v1/explanations/{one['id']}/counterfactual").json() == one["counterfactual"]
    problem_of(client.get("/v1/explanations/none/counterfactual"), 404)
