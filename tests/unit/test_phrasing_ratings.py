"""Equal ratings are told once and different ones each, and no lie becomes true by it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from explainer.writing.gate import check, review
from explainer.writing.phrasing import put_better
from explainer.writing.texts import Request
from explainer.writing.vocabularies import load_vocabulary
from retriever.data import BehaviourKind
from tests.unit.ratings import rated
from tests.unit.test_gate import evidence
from tests.unit.test_writer import ScriptedEngine, write

VOCABULARY = load_vocabulary("en")
COUNTED = ", and {co3.n} of {co3.m} people who liked {b3} liked it."


@pytest.mark.parametrize(
    ("specs", "draft", "better"),
    [
        (
            ["r war", "r war"],
            "You gave {b1} {b1.value} and {b2} {b2.value}; {item} is a war film like both.",
            "You gave both {b1} and {b2} {b1.value}; {item} is a war film like both.",
        ),
        (
            ["r war", "r war", "r people"],
            "You rated {b1} {b1.value}, {b2} {b2.value} and {b3} {b3.value}. {item} is a war film like {b1} and {b2}"
            + COUNTED,
            "You rated {b1}, {b2} and {b3} {b1.value} each. {item} is a war film like the first two" + COUNTED,
        ),
        (
            ["r drama", "r drama"],
            "{b1}, which you gave {b1.value}, and {b2}, which you gave {b2.value}, are both dramas, and {item} is too.",
            "{b1} and {b2}, both of which you gave {b1.value}, are dramas, and {item} is too.",
        ),
        (
            ["r drama", "r drama"],
            "{item} is a drama like {b1} and {b2}, which you gave {b1.value} and {b2.value}.",
            "{item} is a drama like {b1} and {b2}, both of which you gave {b1.value}.",
        ),
        (
            ["r drama", "r drama"],
            "Your {b1.value} for {b1} and {b2.value} for {b2} led us to {item}, a drama like both.",
            "Your {b1.value} for {b1} and for {b2} led us to {item}, a drama like both.",
        ),
        (
            ["r drama", "r drama"],
            "{item} is a drama like {b1} and {b2}, and you rated {b1} {b1.value} and {b2} {b2.value}.",
            "{item} is a drama like {b1} and {b2}, and you rated both {b1.value}.",
        ),
    ],
)
def test_equal_ratings_are_told_once_and_different_ones_each(specs, draft, better):
    facts = evidence(*specs)
    assert review(draft, facts, VOCABULARY) == (better, check(draft, facts, VOCABULARY))
    different = rated(facts, 5.0, 4.0, *[5.0] * (len(specs) - 2))
    text, verdict = review(draft, different, VOCABULARY)
    assert verdict.failures == ()
    assert "{b2.value}" in text


def test_readers_of_one_draft_read_of_their_own_ratings():
    engine = ScriptedEngine("You gave {b1} {b1.value} and {b2} {b2.value}; {item} is a drama like both.")
    alike = evidence("r drama", "r drama")
    first, second = write(engine, Request(alike, "u"), Request(rated(alike, 5.0, 4.0), "u"))
    assert engine.asked == [1]
    assert first.text == "You gave both b1 and b2 5 stars; Item is a drama like both."
    assert second.text == "You gave b1 5 stars and b2 4 stars; Item is a drama like both."


def test_a_title_with_an_and_in_it_keeps_its_own_rating_beside_it():
    facts = evidence("r drama", "r drama")
    first, second = facts.behaviours
    facts = replace(facts, behaviours=(replace(first, title="Monty Python and the Holy Grail"), second))
    draft = "You gave {b1} {b1.value} and {b2} {b2.value}; {item} is a drama like both."
    assert review(draft, facts, VOCABULARY)[0] == draft


@pytest.mark.parametrize("draft", ["You gave {b1} {b1.value} and {b2} {b2.value}; {item} is a drama like both."])
def test_a_rating_that_is_none_is_not_passed_by_telling_it_once(draft):
    facts = evidence("r drama", "r drama")
    reviewed = replace(facts.behaviours[1], kind=BehaviourKind.REVIEW)
    facts = replace(facts, behaviours=(facts.behaviours[0], reviewed))
    assert review(draft, facts, VOCABULARY) == (draft, check(draft, facts, VOCABULARY))
    assert "unknown_slot: b2.value" in check(draft, facts, VOCABULARY).failures


RATINGS = [
    "You gave {X} {x} and {Y} {y}; {item} is a drama like {b1} and {b2}.",
    "You rated {X} {x}, and {Y} {y}, and {item} is a drama too.",
    "{X}, which you gave {x}, and {Y}, which you gave {y}, are both dramas, and {item} is too.",
    "{item} is a drama like {X} and {Y}, which you gave {x} and {y}.",
    "Your {x} for {X} and {y} for {Y} led us to {item}, a drama like both.",
    "{item} is a drama like {b1} and {b2}, and you rated {X} {x} and {Y} {y}.",
    "Your {x} for {X} is why {item} is here, and {Y} is a drama too.",
]


@given(
    st.sampled_from(RATINGS),
    st.permutations(["{b1}", "{b2}"]),
    st.tuples(*[st.sampled_from(["{b1.value}", "{b2.value}"])] * 2),
    st.tuples(*[st.sampled_from([3.5, 4.0, 5.0])] * 2),
)
def test_putting_it_better_makes_no_lie_true_and_no_truth_a_lie_and_is_done_once(form, names, ratings, values):
    draft = form
    for mark, slot in zip(("{X}", "{Y}", "{x}", "{y}"), (*names, *ratings), strict=True):
        draft = draft.replace(mark, slot)
    facts = rated(evidence("r drama", "r drama"), *values)
    better = put_better(draft, facts)
    assert put_better(better, facts) == better
    assert check(better, facts, VOCABULARY).passed == check(draft, facts, VOCABULARY).passed, better
