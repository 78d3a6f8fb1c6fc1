"""An auditor's client, and fourteen explanations for them to look at."""

from __future__ import annotations

from explainer.writing.style import Style

ADDRESSES = ("sample", "series", "export.jsonl", "export.csv")


def fourteen(explainer):
    made = [row for user in ("u1", "u3", "nobody") for row in explainer.explain_top(user, 4)]
    return made + explainer.explain_top("u1", 2, Style("zh", "auditor"))


def get(client, what, **parameters):
    answer = client.get(f"/v1/audit/{what}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer
