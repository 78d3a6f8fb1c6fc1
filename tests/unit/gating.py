"""What the gate finds in a draft about evidence that is told in short."""

from __future__ import annotations

from explainer.writing.gate import check
from explainer.writing.style import AUDIENCES, Style
from explainer.writing.vocabularies import load_vocabulary
from tests.unit.test_gate import evidence

WORDS = {audience: load_vocabulary("en", audience) for audience in AUDIENCES}
DRAMA = "You gave {b1} {b1.value}, and {item} is a drama too."


def failures(draft, *specs, audience="customer", words=(), **rest):
    facts = evidence(*specs, **rest)
    return check(draft, facts, WORDS[audience] | set(words), Style("en", audience)).failures


def breaks(rule, draft, *specs, **rest):
    found = failures(draft, *specs, **rest)
    assert any(failure.startswith(rule) for failure in found), found
