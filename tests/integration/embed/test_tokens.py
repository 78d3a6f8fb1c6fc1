"""A shop gets tokens, and each opens one explanation for as long as it lives; nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from explainer.access.embed_secrets import embed_secrets
from explainer.access.embed_tokens import make_token
from explainer.storage.base import now
from tests.integration.embed.acting import HOUR, ask, bearer


def test_a_shop_gets_a_token_that_opens_the_explanation(shop, key, row):
    before = now()
    answer = ask(shop, key, row.id, {"minutes": 5})
    assert answer.status_code == 201
    lives = timedelta(minutes=5)
    ends = type(before).fromisoformat(answer.json()["expires_at"])
    assert before + lives - timedelta(seconds=1) <= ends <= now() + lives
    assert shop.get(f"/embed/explanations/{row.id}", headers=bearer(answer.json()["token"])).status_code == 200


def test_without_a_body_a_token_lives_for_an_hour(shop, key, row):
    answer = shop.post(f"/v1/explanations/{row.id}/embed-token", headers=key)
    assert answer.status_code == 201
    ends = type(now()).fromisoformat(answer.json()["expires_at"])
    assert timedelta(minutes=59) < ends - now() <= HOUR


@pytest.mark.parametrize(
    "body", [{"minutes": 0}, {"minutes": 1441}, {"minutes": "five"}, {"minutes": 1.5}, {"hours": 1}, []]
)
def test_a_lifetime_that_cannot_be_given_is_refused(kept, body):
    shop, key, row = kept
    assert ask(shop, key, row.id, body).status_code == 400


@pytest.mark.parametrize(
    "header",
    [None, "", "Embed", "Embed ", "Embed x.y", "Bearer {}", "{}", "Embed {}x", "Embed x{}", "Basic {}", "Embed {} {}"],
)
def test_without_a_token_of_ours_nothing_is_said(kept, header):
    shop, key, row = kept
    given = ask(shop, key, row.id).json()["token"]
    headers = {} if header is None else {"Authorization": header.replace("{}", given)}
    for answer in (
        shop.get(f"/embed/explanations/{row.id}", headers=headers),
        shop.post(f"/embed/explanations/{row.id}/feedback", headers=headers, json={"kind": "wrong"}),
    ):
        assert answer.status_code == 401
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.headers["www-authenticate"] == "Embed"
        assert row.text not in answer.text


def test_a_key_is_no_token_and_a_token_is_no_key(shop, key, row, token):
    assert shop.get(f"/embed/explanations/{row.id}", headers=key).status_code == 401
    assert shop.get(f"/v1/explanations/{row.id}", headers=token).status_code == 401


def test_a_token_opens_one_explanation_only(shop, explainer, row, token):
    other = explainer.explain_top("u4", 1)[0]
    assert shop.get(f"/embed/explanations/{other.id}", headers=token).status_code == 401


@pytest.mark.parametrize(("made", "says"), [(-2 * HOUR, "expired"), (HOUR, "check the clocks")])
def test_tokens_from_the_past_and_the_future_say_what_to_do(shop, database, row, made, says):
    token = make_token(embed_secrets(database)[0], row.id, HOUR, now() + made).token
    answer = shop.get(f"/embed/explanations/{row.id}", headers=bearer(token))
    assert answer.status_code == 401
    assert says in answer.json()["detail"]
