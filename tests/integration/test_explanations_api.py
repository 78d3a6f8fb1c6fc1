"""Explanations by API: once per idempotency key, found page by page, judged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from explainer.access.keys import create_key
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import now
from explainer.storage.explanation_tables import ExplanationRow, FeedbackRow, PromiseRow
from tests.databases import number_of
from tests.integration.problems import problem_of

BODY = {"user": "u1", "k": 2}


def post(client, body=BODY, key="k1"):
    return client.post("/v1/explanations", json=body, headers={"Idempotency-Key": key})


@pytest.mark.both
def test_the_same_request_under_the_same_key_is_answered_once(client, database):
    first, second = post(client), post(client, {"k": 2, "user": "u1", "locale": "en"})
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert number_of(database, ExplanationRow) == 2
    assert post(client, key="k2").json() != first.json()


def test_another_request_under_the_same_key_is_refused(client, database):
    post(client)
    assert "used for another request" in problem_of(post(client, {"user": "u1", "k": 1}), 409)
    assert number_of(database, ExplanationRow) == 2


@pytest.mark.both
def test_two_callers_may_use_the_same_key_for_what_is_theirs(client, database):
    with database.session() as session:
        other = {"X-API-Key": create_key(session, "other"), "Idempotency-Key": "k1"}
    theirs = {"user": "u2", "k": 1}
    first, second = post(client), client.post("/v1/explanations", json=theirs, headers=other)
    assert first.status_code == second.status_code == 201
    assert [len(answer.json()["explanations"]) for answer in (first, second)] == [2, 1]
    assert client.post("/v1/explanations", json=theirs, headers=other).json() == second.json()
    assert post(client).json() == first.json()
    assert number_of(database, ExplanationRow) == 3


def test_at_once_one_makes_it_and_the_others_come_back(client, database):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post(client), range(4)))
    assert {a.status_code for a in answers} <= {201, 503}
    assert all("retry-after" in a.headers for a in answers if a.status_code == 503)
    assert len({a.text for a in answers if a.status_code == 201}) == 1
    assert number_of(database, ExplanationRow) == 2


def test_a_request_that_failed_keeps_no_key(client, database):
    problem_of(post(client, {"user": "u1", "item": "nope"}), 404)
    assert number_of(database, PromiseRow) == 0


@pytest.mark.parametrize(("minutes", "status"), [(1, 503), (3, 201)])
def test_a_key_whose_work_never_ended_can_be_taken_again_after_a_while(client, database, minutes, status):
    post(client)
    with database.session() as session:
        left = update(PromiseRow).values(explanations=None, created_at=now() - timedelta(minutes=minutes))
        session.execute(left)
    assert post(client).status_code == status


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_keys_of_no_or_endless_length_are_refused(client, key):
    problem_of(post(client, key=key), 400)


@pytest.mark.both
def test_pages_hold_everything_once_newest_first_whatever_comes_meanwhile(client):
    for user in ("u1", "u2", "u3"):
        client.post("/v1/explanations", json={"user": user, "k": 3})
    seen, cursor = [], None
    while True:
        page = client.get("/v1/explanations", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [e["id"] for e in page["explanations"]]
        client.post("/v1/explanations", json={"user": "u4", "k": 1})
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 9
    times = [client.get(f"/v1/explanations/{one}").json()["created_at"] for one in seen]
    assert times == sorted(times, reverse=True)


@pytest.mark.both
def test_what_is_found_is_what_was_asked_for(client):
    made = client.post("/v1/explanations", json={"user": "u1", "k": 3}).json()["explanations"]
    client.post("/v1/explanations", json={"user": "u2", "k": 3})

    def found(**search):
        return [e["id"] for e in client.get("/v1/explanations", params=search).json()["explanations"]]

    assert set(found(user="u1")) == {e["id"] for e in made}
    assert found(user="u1", item=made[0]["item"]) == [made[0]["id"]]
    assert found(user="u1", source="model") == []
    assert len(found(source="template")) == 6
    assert found(since="2100-01-01T00:00:00Z") == found(until="2000-01-01T00:00:00Z") == found(user="nobody") == []


@pytest.mark.parametrize(
    "search",
    [
        {"cursor": "nonsense!"},
        {"cursor": "W10"},
        {"cursor": "WyIyMDI0LTAxLTAxVDAwOjAwOjAwIiwieCJd"},
        {"cursor": "x" * 501},
        {"limit": 0},
        {"limit": 101},
        {"limit": "many"},
        {"source": "oracle"},
        {"since": "yesterday"},
        {"user": ""},
    ],
)
def test_searches_that_make_no_sense_are_problems(client, search):
    problem_of(client.get("/v1/explanations", params=search), 400)


@pytest.mark.both
def test_feedback_is_stored_with_an_audit_entry_that_holds_no_word_of_it(client, database):
    one = client.post("/v1/explanations", json={"user": "u1", "k": 1}).json()["explanations"][0]
    answer = client.post(f"/v1/explanations/{one['id']}/feedback", json={"kind": "wrong", "comment": "Not my film."})
    assert answer.status_code == 201
    given = answer.json()
    assert (given["explanation"], given["kind"], given["given_by"]) == (one["id"], "wrong", "test")
    with database.session() as session:
        assert session.get(FeedbackRow, given["id"]).comment == "Not my film."
        (entry,) = session.scalars(select(AuditEntryRow).where(AuditEntryRow.record_id == given["id"])).all()
        assert entry.event == "feedback.given"
        assert "film" not in str(vars(entry))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "angry"}, 400),
        ({}, 400),
        ({"kind": "wrong", "comment": "x" * 2001}, 400),
        ({"kind": "wrong", "x": 1}, 400),
    ],
)
def test_feedback_that_is_none_is_refused(client, body, status):
    one = client.post("/v1/explanations", json={"user": "u1", "k": 1}).json()["explanations"][0]
    problem_of(client.post(f"/v1/explanations/{one['id']}/feedback", json=body), status)


def test_feedback_on_nothing_is_not_found(client):
    problem_of(client.post("/v1/explanations/none/feedback", json={"kind": "helpful"}), 404)
