"""How somebody complains of a text, and how a reviewer sees what waits and gives a verdict."""

from __future__ import annotations

from explainer.access import Role
from tests.integration.test_suppress import explained

A, S, R, U, X = Role.APP, Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
HOSTILE = "<script>alert('x')</script> {b1} \u202e ' OR 1=1 --"


def complain(ask, one, kind="wrong", comment=""):
    return ask(A, f"/v1/explanations/{one['id']}/feedback", "POST", {"kind": kind, "comment": comment})


def queue(ask, **search):
    words = "&".join(f"{key}={value}" for key, value in search.items())
    return ask(R, f"/v1/reviews?{words}").json()["reviews"]


def decide(ask, review, verdict="good", note="", role=R):
    return ask(role, f"/v1/reviews/{review['id']}/verdict", "POST", {"verdict": verdict, "note": note})


def reported(ask, kind="wrong", **what):
    one = explained(ask, **what)
    complain(ask, one, kind)
    (review,) = [r for r in queue(ask) if r["explanation"] == one["id"]]
    return one, review
