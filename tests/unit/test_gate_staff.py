"""Reports to support and auditors pass the gate when all their numbers and names are so, and only then."""

from __future__ import annotations

import pytest

from explainer.writing.gate.standing import misranked
from explainer.writing.gate.tokens import tokenize
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from tests.unit.gating import breaks, failures
from tests.unit.test_gate import evidence

SUPPORT = (
    "{item} ranked {rank} for this customer. {b1} ({b1.share}) is a drama too; without {b1} it would rank {cf.rank}."
)
AUDITOR = (
    "Rank {rank} of {n} by {model}. Attribution by {method}: {b1} {b1.share}, remainder {rest.share}. Text by {writer}."
)


def test_reports_to_staff_pass():
    assert failures(SUPPORT, "r drama", audience="support") == ()
    assert failures(AUDITOR, "r drama", audience="auditor") == ()


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("{rank}", "{n}", "misplaced: n"),
        ("{b1.share}", "{rest.share}", "misplaced: rest.share"),
        (" ({b1.share})", "", "missing_slot: b1.share"),
        ("ranked {rank}", "ranked", "missing_slot: rank"),
        ("would rank {cf.rank}", "would rank {rank}", "misplaced: rank"),
        ("without {b1} it would rank {cf.rank}", "it ranked {cf.rank}", "misplaced: cf.rank"),
        ("it would rank {cf.rank}", "it would rank", "unfounded_claim: would"),
        ("this customer", "this customer, who liked it", "misattached"),
        ("is a drama too", "is unconfirmed", "unfounded_claim: unconfirmed"),
        ("this customer", "this new customer", "unfounded_claim: new"),
        ("is a drama too", "is missing", "unfounded_claim: missing"),
        ("({b1.share})", "({b1.share}", "spacing"),
        ("({b1.share})", "((drama))", "spacing"),
        ("({b1.share})", ")({b1.share}", "spacing: parentheses"),
        ("{b1} (", "{b1}(", "spacing"),
    ],
)
def test_a_false_report_to_support_is_refused(old, new, rule):
    breaks(rule, SUPPORT.replace(old, new), "r drama", audience="support")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("{model}", "{method}", "misplaced: method"),
        ("{method}", "{model}", "misplaced: model"),
        ("{writer}", "{model}", "misplaced: model"),
        ("Attribution", "Two causes", "miscount: two"),
        ("Attribution", "Zero behaviours", "unfounded_claim: nothing cited"),
        ("{n}", "{rank}", "missing_slot: n"),
    ],
)
def test_a_false_report_to_auditors_is_refused(old, new, rule):
    breaks(rule, AUDITOR.replace(old, new), "r drama", audience="auditor")


def test_a_name_whose_sentence_has_no_topic_is_taken_as_it_is():
    assert list(misranked(tokenize("It is by {model}.", ()), [])) == []


def test_every_template_for_staff_renders():
    """One behaviour with a count, and several: the support template once failed on them."""
    library = PromptLibrary()
    for specs in (["r people"], ["r drama", "r people"], ["r drama people", "r people"]):
        draft = library.fallback(evidence(*specs), 0, Style("en", "support"))
        assert draft.count("{co") == 2
