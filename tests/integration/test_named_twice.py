"""Items and behaviours that one request names several times count once, and nothing is stored that is not answered."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.choice_tables import ExclusionRow
from explainer.storage.explanation_tables import ExplanationRow


@pytest.fixture
def top(client):
    listed = client.get("/v1/users/u1/recommendations", params={"k": 3}).json()["recommendations"]
    return [one["item"] for one in listed]


def rows(database, table, *conditions):
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions))


def test_an_item_named_twice_is_explained_once_and_answered_once_where_it_was_first(client, database, top):
    first, second, third = top
    body = {"user": "u1", "items": [second, first, second, third, first, second]}
    answered = client.post("/v1/explanations", json=body).json()["explanations"]
    assert [one["item"] for one in answered] == [second, first, third]
    assert rows(database, ExplanationRow) == 3
    assert rows(database, AuditEntryRow, AuditEntryRow.event == "explanation.created") == 3
    listed = client.get("/v1/explanations").json()["explanations"]
    assert {one["id"] for one in listed} == {one["id"] for one in answered}


def test_the_same_request_under_the_same_key_is_answered_the_same(client, database, top):
    body, key = {"user": "u1", "items": [top[0], top[0]]}, {"Idempotency-Key": "twice"}
    once, again = (client.post("/v1/explanations", json=body, headers=key).json() for _ in range(2))
    assert once == again
    assert len(once["explanations"]) == rows(database, ExplanationRow) == 1


def test_a_preview_without_a_behaviour_named_twice_is_the_one_without_it(client):
    done = client.get("/v1/users/u1/behaviours").json()["behaviours"]
    name, item, other = done[0]["id"], done[0]["item"], done[1]["id"]

    def preview(*exclude):
        return client.post("/v1/users/u1/preview", json={"exclude": list(exclude)}).json()

    assert preview(other, name, item, name, other) == preview(name, other)
    assert sorted(preview(name, name, item)["exclude"]) == [name]


def test_a_behaviour_that_is_excluded_twice_in_one_request_is_excluded_once(client, database):
    done = client.get("/v1/users/u1/behaviours").json()["behaviours"][0]
    body = {"behaviours": [done["id"], done["item"], done["id"]]}
    found = client.post("/v1/users/u1/exclusions", json=body).json()["exclusions"]
    assert [one["behaviour_id"] for one in found] == [done["id"]]
    assert rows(database, ExclusionRow) == 1
    assert rows(database, AuditEntryRow, AuditEntryRow.event == "behaviour.excluded") == 1


def test_the_document_says_what_becomes_of_what_is_named_twice(client):
    document = client.get("/schema/openapi.json").json()
    assert "named twice is explained once" in " ".join(
        document["paths"]["/v1/explanations"]["post"]["description"].split()
    )
    said = " ".join(document["paths"]["/v1/users/{user}/preview"]["post"]["description"].split())
    assert "named twice is left out once" in said
