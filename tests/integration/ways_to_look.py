"""All that shows a customer's record: for each handler how it is asked, and what is seen there and noted."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from explainer.access import Role
from tests.integration.watched import PIOUS

S, R, U, X = Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
SINCE = "i17"
"""A film that the texts name, and that turned private after they were written."""


@dataclass(frozen=True)
class Ask:
    """One way to look at the customer's record.

    Attributes:
        path: With the explanation's id for ``{one}``, the review's for ``{review}`` and, for ``{secret}``, the id of a
            private behaviour.
        body: What is sent as JSON,
        form: or as a form.
        role: Who sees it whole; everybody else but admins may be refused.
        status: What they are answered by.
        is_refused: Whether support is refused without a case, where it may see it with one.
        tells: Whether there is something private in it.
        looks: How many looks it is.
        subject: Whose record is looked at.
    """

    path: str
    body: dict[str, object] | None = None
    form: dict[str, str] | None = None
    role: Role = S
    status: int = 200
    is_refused: bool = False
    tells: bool = True
    looks: int = 1
    subject: str = PIOUS


_MADE = {"user": PIOUS, "k": 2}
_ONE = "/v1/explanations/{explanation_id:str}"
_USER = "/v1/users/{user:str}"
ASKS = {
    ("GET", "/v1/explanations"): [Ask(f"/v1/explanations?user={PIOUS}")],
    ("POST", "/v1/explanations"): [
        Ask("/v1/explanations", _MADE | {"audience": "auditor"}, status=201),
        Ask("/v1/explanations", _MADE | {"audience": "support"}, status=201),
        Ask("/v1/explanations", _MADE, status=201),
    ],
    ("GET", _ONE): [Ask("/v1/explanations/{one}")],
    ("GET", f"{_ONE}/events"): [Ask("/v1/explanations/{one}/events")],
    ("GET", f"{_ONE}/counterfactual"): [Ask("/v1/explanations/{one}/counterfactual")],
    ("GET", f"{_ONE}/replay"): [Ask("/v1/explanations/{one}/replay", is_refused=True)],
    ("POST", f"{_USER}/preview"): [
        Ask(f"/v1/users/{PIOUS}/preview", {"exclude": ["{film}"], "k": 2}, tells=False),
        Ask(f"/v1/users/{PIOUS}/preview", {"exclude": ["s0"], "k": 2}, is_refused=True),
        Ask(f"/v1/users/{PIOUS}/preview", {"exclude": ["{film}", "{secret}"], "k": 2}, is_refused=True),
    ],
    ("GET", f"{_USER}/recommendations"): [Ask(f"/v1/users/{PIOUS}/recommendations", tells=False)],
    ("GET", f"{_USER}/tags"): [Ask(f"/v1/users/{PIOUS}/tags")],
    ("GET", f"{_USER}/behaviours"): [Ask(f"/v1/users/{PIOUS}/behaviours")],
    ("GET", f"{_USER}/exclusions"): [Ask(f"/v1/users/{PIOUS}/exclusions")],
    ("POST", f"{_USER}/exclusions"): [Ask(f"/v1/users/{PIOUS}/exclusions", {"behaviours": ["s1"]}, role=X)],
    ("POST", f"{_ONE}/embed-token"): [Ask("/v1/explanations/{embedded}/embed-token", {}, status=201, tells=False)],
    ("GET", f"{_USER}/settings"): [Ask(f"/v1/users/{PIOUS}/settings", tells=False)],
    ("GET", "/v1/why-not"): [
        Ask(f"/v1/why-not?user={PIOUS}&item={{item}}"),
        Ask(f"/v1/why-not?user={PIOUS}&item=s0", is_refused=True),
    ],
    ("GET", f"{_USER}/export"): [Ask(f"/v1/users/{PIOUS}/export", role=X)],
    ("GET", f"{_USER}/views"): [Ask(f"/v1/users/{PIOUS}/views", role=U, tells=False)],
    ("GET", "/v1/reviews/{review_id:str}"): [Ask("/v1/reviews/{review}", role=R)],
    ("GET", "/v1/audit/explanations/{explanation_id:str}"): [Ask("/v1/audit/explanations/{one}", role=U)],
    ("GET", "/v1/audit/sample"): [Ask("/v1/audit/sample?seed=x", role=U)],
    ("GET", "/v1/audit/export.jsonl"): [
        Ask("/v1/audit/export.jsonl", role=U, subject=None),
        Ask(f"/v1/audit/export.jsonl?user={PIOUS}", role=U),
    ],
    ("GET", "/v1/audit/export.csv"): [Ask("/v1/audit/export.csv", role=U, subject=None)],
    ("GET", "/v1/audit/package"): [Ask("/v1/audit/package", role=U, subject=None)],
    ("GET", "/"): [Ask(f"/?user={PIOUS}", tells=False), Ask("/", tells=False, looks=0)],
    ("GET", "/preview"): [
        Ask(f"/preview?user={PIOUS}&without={{film}}", tells=False),
        Ask(f"/preview?user={PIOUS}&without=s0", is_refused=True),
        Ask(f"/preview?user={PIOUS}&without={{secret}}", is_refused=True),
    ],
    ("GET", "/explanations/{explanation_id:str}/waterfall.svg"): [Ask("/explanations/{one}/waterfall.svg")],
    ("GET", "/support"): [Ask(f"/support?user={PIOUS}"), Ask("/support", tells=False, looks=0)],
    ("POST", "/support/purpose"): [Ask("/support/purpose", form={"ticket": "T-1"}, status=400, tells=False, looks=0)],
    ("GET", "/support/explanations/{explanation_id:str}"): [Ask("/support/explanations/{one}")],
    ("POST", "/support/explanations/{explanation_id:str}/suppress"): [
        Ask("/support/explanations/{one}/suppress", form={"reason": ""}, status=400),
        Ask("/support/explanations/{one}/suppress", form={"reason": "Not true."}, status=303, tells=False, looks=0),
    ],
    ("GET", "/review/{review_id:str}"): [Ask("/review/{review}", role=R)],
    ("GET", "/audit"): [Ask("/audit", role=U)],
    ("GET", "/audit/sample"): [Ask("/audit/sample?seed=x", role=U), Ask("/audit/sample", role=U, tells=False, looks=0)],
    ("GET", "/audit/explanations/{explanation_id:str}"): [Ask("/audit/explanations/{one}", role=U)],
    ("GET", "/audit/explanations/{explanation_id:str}/replay"): [Ask("/audit/explanations/{one}/replay", role=U)],
    ("GET", "/audit/export.jsonl"): [Ask("/audit/export.jsonl", role=U, subject=None)],
    ("GET", "/audit/export.csv"): [Ask("/audit/export.csv", role=U, subject=None)],
    ("GET", "/audit/package.zip"): [Ask("/audit/package.zip", role=U, subject=None)],
    ("GET", "/data/export"): [Ask(f"/data/export?user={PIOUS}", role=X)],
    ("GET", "/data/erase"): [Ask(f"/data/erase?user={PIOUS}", role=X, tells=False)],
}
CASES = [
    pytest.param(method, ask, id=f"{method} {ask.path} {ask.body or ask.form or ''}".strip())
    for (method, _), asks in sorted(ASKS.items())
    for ask in asks
]
