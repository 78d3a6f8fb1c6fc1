"""What is said of how many people or things, in figures or words, is what was counted."""

from __future__ import annotations

import pytest

from explainer.writing.gate import check
from explainer.writing.gate.numbers import miscounted
from explainer.writing.gate.tokens import tokenize
from explainer.writing.vocabularies import load_vocabulary
from retriever.data import BehaviourKind
from tests.unit.gating import breaks, failures
from tests.unit.test_gate import evidence


@pytest.mark.parametrize(
    ("specs", "draft", "rule"),
    [
        (["r people"], "You liked {b1}, and {item} is here for {co1.n} of {co1.m} people who.", "count_claim"),
        (["r series"], "You liked {b1}, and {b1.series} is what {item} is in.", "misplaced: b1.series"),
        (["r when"], "You liked {b1}, and {item} came {b1.when}.", "misplaced: b1.when"),
    ],
)
def test_unfinished_counts_and_stray_slots_are_refused(specs, draft, rule):
    breaks(rule, draft, *specs)


@pytest.mark.parametrize(
    "draft",
    ["{item} is popular here: {pop.n} of {pop.m} people liked it.", "Of {pop.m} people here, {pop.n} liked {item}."],
)
def test_popularity_is_told_by_its_numbers(draft):
    assert failures(draft, popular=BehaviourKind.LIKE) == ()


@pytest.mark.parametrize(
    ("draft", "rule"),
    [
        ("{pop.m} of {pop.n} people liked {item} here.", "count_claim: pop"),
        ("{pop.n} people liked {item} here.", "half_count"),
        ("{pop.n} of {pop.m} people bought {item} here.", "people_claim: bought"),
        ("{pop.n} of {pop.m} people liked {item}, a film in a series.", "unfounded_claim"),
        ("{pop.n} of {pop.m} people liked {item}, and you liked it.", "misattached"),
        ("You are new here, and {pop.n} of {pop.m} people liked {item}.", "unfounded_claim: new"),
    ],
)
def test_false_popularity_is_refused(draft, rule):
    breaks(rule, draft, popular=BehaviourKind.LIKE)


def test_where_nobody_was_counted_nothing_is_said_of_people():
    breaks("people_claim: people", "People here liked {item}, one to try.", words={"one", "try"})
    breaks("unfounded_claim: popular", "{item} is popular here, one to try.", words={"one", "try"})


COUNT = "r drama people"


@pytest.mark.parametrize(
    "draft",
    [
        "{co1.n} of {co1.m} people who liked {b1} and {b2} liked {item}.",
        "{co1.n} of {co1.m} people who liked dramas like {b1} liked {item}, and you liked {b2}.",
        "{co1.n} of {co1.m} people who, like you, liked {b1} liked {item}; {b2} is here.",
        "{co1.n} of {co1.m} people liked {item}; {b1} and {b2} are dramas.",
        "Of {co1.n} people who liked {b1}, {co1.m} liked {item}; you liked {b2}.",
        "{co1.n} of {co1.m} people who liked {b1} liked {b2}, and {item} is a drama.",
        "{co1.n} of {co1.m} people who liked {b1} liked {item}, and you liked it; {b2} is a drama.",
        "{co1.n} of {co1.m} people who liked the second of {b1} and {b2} liked {item}.",
    ],
)
def test_a_count_of_others_than_were_counted_is_refused(draft):
    assert failures(draft, COUNT, "r drama")


@pytest.mark.parametrize(
    ("draft", "holds"),
    [
        (
            "We picked {item}, a drama like {b1}, which {co1.n} of {co1.m} people who liked {b1} liked, as you did.",
            0,
        ),
        ("{item} is a drama like {b1}, which {co1.n} of {co1.m} people who liked {b1} liked.", 0),
        ("You liked {b1}, which {co1.n} of {co1.m} people who liked {b1} liked, and {item} is a drama too.", 0),
        ("You liked {b1}, so here is {item}, which {co1.n} of {co1.m} people who liked {b1} also liked.", 1),
        ("You liked {b1}. Here is {item}, a drama as well, which {co1.n} of {co1.m} people who liked {b1} liked.", 1),
        ("{item} is a drama like {b1}, and {co1.n} of {co1.m} people who liked {b1} liked it.", 1),
    ],
)
def test_a_count_told_in_passing_is_told_of_the_item(draft, holds):
    """ "…, which 9 of 10 people liked" is read of what stands before it."""
    found = failures(draft, COUNT, words={"picked", "well"})
    assert ("count_claim: co1" not in found) == bool(holds), found


def test_two_counts_keep_their_own_numbers():
    crossed = "{co1.n} of {co2.m} people who liked {b1} liked {item}, and {co2.n} of {co1.m} who liked {b2} did."
    assert failures(crossed, "r people", "r people")


def test_a_count_that_never_says_what_people_met_is_refused():
    draft = "Of {b1} and {item} there are {co1.n} of {co1.m} people who liked."
    assert "count_claim: co1" in check(draft, evidence("r people"), load_vocabulary("en")).failures


@pytest.mark.parametrize(
    ("draft", "specs"),
    [
        ("You liked four: {b1}, {b2} and {item}, dramas all.", ["r drama", "r drama"]),
        ("You liked all three, {b1} and {b2}, and {item} is a drama.", ["r drama", "r drama"]),
        ("Two dramas, {b1}, {b2} and {b3}, led to {item}.", ["r drama", "r drama", "r drama"]),
        ("Three dramas you liked, {b1} and {b2}, led to {item}.", ["r drama", "r drama"]),
        ("Five dramas you liked led to {item}: {b1} and {b2}.", ["r drama", "r drama"]),
        ("Many people liked {item}, a drama like {b1} and {b2}.", ["r drama", "r drama people"]),
        ("{b1} is a drama like {item}, and both got {b1.value} from you.", ["r drama"]),
    ],
)
def test_numbers_in_words_are_the_numbers_of_what_is_cited(draft, specs):
    tokens = tokenize(draft, ("drama",))
    assert list(miscounted(tokens, evidence(*specs))), draft
