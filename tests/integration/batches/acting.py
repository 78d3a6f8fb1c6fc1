"""How batches are sent, and what came of them."""

from __future__ import annotations

from litestar.testing import TestClient
from sqlalchemy import select

from explainer.access.keys import create_key
from explainer.storage.audit_tables import AuditEntryRow

NOIR = {"id": "n1", "title": "Night Harbour", "aspects": ["noir", "drama"], "year": 1999}


def signed_in(app, database):
    with database.session() as session:
        key = create_key(session, "test")
    client = TestClient(app)
    client.headers["X-API-Key"] = key
    return client


def put(client, *rows):
    answer = client.put("/v1/items", json={"items": list(rows)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(client, *rows):
    answer = client.post("/v1/behaviours", json={"behaviours": list(rows)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def statuses(answer):
    return [result["status"] for result in answer["results"]]


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["detail"]


def audited(database, event):
    with database.session() as session:
        return list(session.scalars(select(AuditEntryRow).where(AuditEntryRow.event == event)))
