"""The gate reads whom a sentence is about: true ones that are hard to read pass, their neighbours do not."""

from __future__ import annotations

import pytest

from explainer.writing.gate import check
from explainer.writing.gate.tokens import segments, tokenize
from explainer.writing.vocabularies import load_vocabulary
from retriever.data import AspectSource
from tests.unit.gating import breaks, failures
from tests.unit.test_gate import evidence


@pytest.mark.parametrize(
    ("specs", "draft"),
    [
        (
            ["r noir", "w people"],
            "You gave {b1} {b1.value}; {co2.n} of {co2.m} people who reviewed {b2}, as you did, reviewed {item}.",
        ),
        (
            ["w racing", "w"],
            "{b1} and {b2}, which you reviewed, are products like {item}; racing is in the title of {b1} and {item}.",
        ),
        (["l drama", "l drama"], "Two dramas you liked, {b1} and {b2}, made the choice for us: {item}."),
        (
            ["r heist", "r drama"],
            "Both {b1} and {item} are heist films, and {item} shares drama with {b2}. You gave {b1} {b1.value}.",
        ),
        (["r dystopia", "r drama"], "Like {b1}, {item} takes up dystopia; you liked the drama {b2}."),
        (["r noir", "r noir low"], "You gave {b2} only {b2.value}, yet {item} shares the noir of {b1}."),
        (
            ["r series more"],
            "You rated {b1} and {b1.more} more of the series, and {item} belongs to the {b1.series} series.",
        ),
        (["r drama when"], "You rated {b1} {b1.value} {b1.when}, and {item} is a drama too."),
        (["r drama", "r drama"], "Three dramas: {b1}, {b2} and {item}; you liked the first two."),
        (["r drama", "r drama"], "Three dramas: you liked {b1} and {b2}, so {item} comes next."),
    ],
)
def test_true_sentences_that_are_hard_to_read_pass(specs, draft):
    domain = "shop" if "products" in draft else "video"
    words = {"titles", "belongs", "reviewed", "up"}
    source = AspectSource.TITLE if "title" in draft else AspectSource.CATALOGUE
    assert failures(draft, *specs, words=words, domain=domain, source=source) == ()


def test_a_clause_about_the_last_named_is_not_about_the_item():
    assert failures("{item} and {b1}, which you liked, are both dramas.", "l drama") == ()
    breaks("misattached: both", "{b1} and {item}, which you liked, are dramas.", "l drama")


@pytest.mark.parametrize(
    ("draft", "rule"),
    [
        ("You liked {b1}, {item}, and more dramas.", "misattached: liked"),
        ("You liked {b1} and the drama {item} too.", "misattached: liked"),
        ("You liked {b1}, which is by {b1.creator}, and {item} is a drama.", "misplaced: b1.creator"),
    ],
)
def test_the_item_is_none_of_what_the_reader_met_and_the_maker_is_told_of_it(draft, rule):
    breaks(rule, draft, "l drama creator")


@pytest.mark.parametrize(
    "draft", ["You pointed us to {item}, a drama like {b1}.", "A drama like {b1}, {item}, is here."]
)
def test_the_way_to_the_item_is_nothing_done_to_it(draft):
    assert failures(draft, "l drama") == ()


def test_nothing_done_is_nothing_done_to_the_item():
    for draft in ("The noir of {b1}, {item}, is noir.", "Here is for you {item}, a noir film like {b1}."):
        failures = check(draft, evidence("r noir"), load_vocabulary("en")).failures
        assert not [failure for failure in failures if failure.startswith("misattached")], failures


@pytest.mark.parametrize(
    ("draft", "parts"),
    [
        ("Like {b1}, {item} is noir.", 1),
        ("{b1} and {item} are noir.", 1),
        ("{b1} and {item} came up.", 2),
        ("Since {b1}, {item} is noir.", 2),
        ("Like {b1} of old, {item} is noir.", 2),
    ],
)
def test_what_is_said_of_the_item_and_a_behaviour_alike_is_one_claim(draft, parts):
    assert len(segments(tokenize(draft, ("noir",))[:-1])) == parts


def test_what_the_reader_likes_may_be_unknown_and_nothing_else():
    assert failures("While we learn what you like, {item} is here to try.", known=False, words={"learn", "try"}) == ()
    breaks("misattached", "While we learn what you like, you like {item}.", known=False, words={"learn"})


@pytest.mark.parametrize(
    ("draft", "rule"),
    [
        ("You gave {b1} {b1.value} and {b2} {b2.value}, and {item} is noir.", "polarity_hidden: b2"),
        ("You liked {b1} and {b2}, yet {item} is noir.", "polarity_claim"),
        ("You gave {b1} only {b1.value}, yet {item} shares noir with it and {b2}.", "polarity_claim"),
        ("Only {b2.value} for {b2} spoke for {item}, noir like {b1}.", "polarity_hidden: b2"),
        ("You gave {b2} only {b2.value}; people were lukewarm on {b2}, and {item} is noir like {b1}.", "people_claim"),
    ],
)
def test_a_low_rating_is_told_as_what_it_is(draft, rule):
    breaks(rule, draft, "r noir", "r noir low", words={"spoke"})


def test_with_a_low_rating_alone_claims_are_still_read():
    breaks("polarity_hidden", "You gave {b1} {b1.value}, and {item} is noir too.", "r noir low")
