"""What customers choose by API, what they are shown then, and what is logged of it."""

from __future__ import annotations

from urllib.parse import quote

from sqlalchemy import select

from explainer.storage.audit_tables import AuditEntryRow

U = "/v1/users/u1"
OFF = {"en": "you have switched personal recommendations off", "zh": "您已关闭个性化推荐"}
OUT = {"en": "your whole history here", "zh": "您已排除自己的全部行为"}
NEVER = ("you are new", "taste", "for you", "because", "了解", "口味", "为您", "因为")


def exclude(client, *behaviours, user="u1"):
    return client.post(f"/v1/users/{quote(user, safe='')}/exclusions", json={"behaviours": list(behaviours)})


def switch(client, word, user="u1"):
    personalised = word == "on"
    answer = client.put(f"/v1/users/{user}/settings", json={"personalised": personalised})
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(client, user="u1", k=50):
    return client.get(f"/v1/users/{user}/recommendations", params={"k": k}).json()


def ids(found):
    return [r["item"] for r in found["recommendations"]]


def explain(client, **body):
    answer = client.post("/v1/explanations", json={"user": "u1"} | body)
    assert answer.status_code == 201, answer.text
    return answer.json()["explanations"]


def entries(database, *events):
    with database.session() as session:
        found = session.scalars(
            select(AuditEntryRow).where(AuditEntryRow.event.in_(events)).order_by(AuditEntryRow.seq)
        )
        return [(entry.event, entry.record_id) for entry in found]


def everything(explainer, user="u1"):
    return [behaviour.id for behaviour in explainer.history(user).behaviours]
