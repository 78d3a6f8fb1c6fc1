"""Somebody whose every string can be looked for: they do all that can be done, through the API, and so do others."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field

from litestar.testing import TestClient

from explainer.access import GRANTS, Role
from explainer.access.keys import create_key
from explainer.server.app import create_app
from explainer.server.parts import Parts

USER = "canary-user-7f3a"
BEHAVIOUR = "canary-behaviour-{n}"
COMMENT = "canary-comment about my late uncle"
NOTE, REASON = "canary-note of a reviewer", "canary-reason to take it back"
TICKET, PURPOSE = "canary-ticket-9", "canary-purpose she asks why"
KEY = "canary-idempotency-key"
QUERY, HEADER = "canary-query", "canary-header"
STRINGS = ("canary",)
"""What all of them have in common."""
ITEMS = ("i17", "i18", "i25", "i28", "i32", "i35")  # films of one taste: something to be known by


@dataclass
class Desk:
    """A client per role on one app.

    Attributes:
        answers: Every answer so far.
    """

    client: TestClient
    keys: dict[Role, str]
    answers: list = field(default_factory=list)

    def ask(self, role, method, path, json=None, **headers):
        given = {"X-API-Key": self.keys[role]} | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.request(method, path, json=json, headers=given)
        self.answers.append(answer)
        return answer


@contextmanager
def desk_of(explainer, **parts):
    with explainer.database.session() as session:
        keys = {role: create_key(session, f"{role.value} key", role, scopes=sorted(GRANTS[role])) for role in Role}
    app = create_app(explainer, queue=4, parts=Parts(**parts))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Desk(client, keys)


def send_behaviours(desk, user=USER, since=1_000_000):
    rows = [
        {"id": BEHAVIOUR.format(n=n), "user": user, "item": item, "kind": "rating", "value": 5.0, "time": since + n}
        for n, item in enumerate(ITEMS)
    ]
    answer = desk.ask(Role.APP, "POST", "/v1/behaviours", {"behaviours": rows})
    assert {row["status"] for row in answer.json()["results"]} == {"created"}


def live(desk, user=USER):
    """Do all that leaves something behind; return the ids of the explanations."""
    send_behaviours(desk, user)
    asked = desk.ask(Role.APP, "POST", "/v1/explanations", {"user": user, "k": 3}, Idempotency_Key=KEY)
    assert asked.status_code == 201, asked.text
    ids = [one["id"] for one in asked.json()["explanations"]]
    for one in ids:
        desk.ask(Role.APP, "GET", f"/v1/explanations/{one}/counterfactual")
    said = {"kind": "wrong", "comment": COMMENT}
    assert desk.ask(Role.APP, "POST", f"/v1/explanations/{ids[0]}/feedback", said).status_code == 201
    (review,) = [r for r in desk.ask(Role.ADMIN, "GET", "/v1/reviews").json()["reviews"] if r["explanation"] == ids[0]]
    desk.ask(Role.REVIEWER, "GET", f"/v1/reviews/{review['id']}")
    verdict = {"verdict": "wrong", "note": NOTE}
    assert desk.ask(Role.REVIEWER, "POST", f"/v1/reviews/{review['id']}/verdict", verdict).status_code < 300
    case = {"X_Ticket": TICKET, "X_Purpose": PURPOSE}
    assert desk.ask(Role.SUPPORT, "GET", f"/v1/explanations/{ids[1]}", **case).status_code == 200
    assert desk.ask(Role.AUDITOR, "GET", f"/v1/audit/explanations/{ids[1]}").status_code == 200
    assert desk.ask(Role.SUPPORT, "POST", f"/v1/explanations/{ids[2]}/suppress", {"reason": REASON}).status_code < 300
    choose(desk, user)
    return ids


def choose(desk, user=USER):
    """Choose all that can be chosen, and take one choice back."""
    users = f"/v1/users/{user}"
    tags = desk.ask(Role.APP, "GET", f"{users}/tags").json()["tags"]
    for method in ("DELETE", "PUT", "DELETE"):
        assert desk.ask(Role.APP, method, f"{users}/tags/{tags[0]['tag']}").status_code == 204
    for n in (0, 1):
        behaviours = {"behaviours": [BEHAVIOUR.format(n=n)]}
        assert desk.ask(Role.APP, "POST", f"{users}/exclusions", behaviours).status_code == 200
    assert desk.ask(Role.APP, "DELETE", f"{users}/exclusions/{BEHAVIOUR.format(n=0)}").status_code == 204
    assert desk.ask(Role.APP, "PUT", f"{users}/settings", {"personalised": True}).status_code == 200
