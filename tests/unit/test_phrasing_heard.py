"""A rating that is heard of several was given to each of them, in whatever words; in both languages."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from explainer.writing.gate import check
from explainer.writing.style import Style
from explainer.writing.vocabularies import load_vocabulary
from retriever.data import BehaviourKind
from tests.unit.ratings import rated
from tests.unit.test_gate import evidence

VOCABULARY = load_vocabulary("en")


@pytest.mark.parametrize(
    "draft",
    [
        "You gave both {b1} and {b2} {b1.value}; {item} is a drama like both.",
        "{b1} and {b2}, both of which you gave {b1.value}, are dramas, and {item} is one too.",
        "Your {b1.value} for {b1} and for {b2} led us to {item}, a drama like both.",
        "{item} is a drama like {b1} and {b2}, and you rated both {b1.value}.",
        "You gave both {b2} and {b1} {b1.value}; {item} is a drama like both.",
        "You gave {b2} and {b1} {b1.value}, and {item} is a drama too.",
    ],
)
def test_one_rating_for_two_is_refused_where_they_were_rated_differently(draft):
    facts = rated(evidence("r drama", "r drama"), 5.0, 4.0)
    assert any(f.startswith("misattached") for f in check(draft, facts, VOCABULARY).failures)


HEARD_OF_BOTH = [
    "Your {b1.value} for {b1} and also for {b2} led us to {item}, a drama like both.",
    "Your {b1.value} for {b1}, and for {b2}, led us to {item}, a drama like both.",
    "You gave {b1} {b1.value} and {b2} as well; {item} is a drama like both.",
    "You gave {b1} {b1.value} and {b2}, and {item} is a drama like both.",
    "You gave {b1} {b1.value} like {b2}, and {item} is a drama.",
    "You gave {b1.value} to {b1} and to {b2}: {item} is a drama like both.",
    "{b2} is a drama, and {b1} is one too; you gave both {b1.value}, and {item} is a drama.",
    "You liked {b2}. You liked {b1}, and gave both {b1.value}; {item} is a drama too.",
]


@pytest.mark.parametrize("draft", HEARD_OF_BOTH)
def test_a_rating_that_is_heard_of_two_was_given_to_both(draft):
    alike = evidence("r drama", "r drama")
    assert check(draft, alike, VOCABULARY).failures == ()
    assert check(draft, rated(alike, 5.0, 4.0), VOCABULARY).failures == ("misattached: b1.value",)
    reviewed = replace(alike.behaviours[1], kind=BehaviourKind.REVIEW)
    unrated = replace(alike, behaviours=(alike.behaviours[0], reviewed))
    assert "misattached: b1.value" in check(draft, unrated, VOCABULARY).failures, "stars of a review are no rating"


def test_an_aside_on_one_of_a_list_is_of_that_one():
    draft = "{item} is a drama like {b1}, which you gave {b1.value}, and {b2}."
    assert check(draft, rated(evidence("r drama", "r drama"), 5.0, 4.0), VOCABULARY).failures == ()


@pytest.mark.parametrize(
    "draft",
    [
        "您给{b1}打了{b1.value}，{b2}也一样，而{item}同样是剧情题材。",
        "您给{b1}打了{b1.value}，给{b2}也打了，而{item}同样是剧情题材。",
        "您给{b1}打了{b1.value}和{b2}，而{item}同样是剧情题材。",
    ],
)
def test_a_rating_that_is_heard_of_two_in_chinese_was_given_to_both(draft):
    alike, style, words = evidence("r drama", "r drama"), Style("zh"), load_vocabulary("zh")
    assert check(draft, alike, words, style).failures == ()
    assert check(draft, rated(alike, 5.0, 4.0), words, style).failures == ("misattached: b1.value",)


def test_one_rating_for_three_is_refused_where_one_was_rated_differently():
    facts = evidence("r drama", "r drama", "r drama")
    draft = "You gave {b1}, {b2} and {b3} {b1.value} each, and {item} is a drama too."
    assert check(draft, facts, VOCABULARY).failures == ()
    assert check(draft, rated(facts, 5.0, 5.0, 4.0), VOCABULARY).failures == ("misattached: b1.value",)


def test_a_rating_of_both_is_of_two_that_were_named_and_no_more():
    three = evidence("r drama", "r drama", "r drama")
    draft = "{item} is a drama like {b1}, {b2} and {b3}, and you rated both {b1.value}."
    assert "misattached: b1.value" in check(draft, three, VOCABULARY).failures


def test_like_both_is_said_of_the_two_named_before_and_checked_for_them():
    draft = (
        "You gave {b1} {b1.value} and {b2} {b2.value}. {item} is a drama like both, "
        "and {co3.n} of {co3.m} people who liked {b3} liked it."
    )
    assert check(draft, rated(evidence("r drama", "r drama", "r people"), 5.0, 4.0, 5.0), VOCABULARY).failures == ()
    lie = check(draft, rated(evidence("r drama", "r", "r people"), 5.0, 4.0, 5.0), VOCABULARY)
    assert "aspect_claim: drama" in lie.failures
