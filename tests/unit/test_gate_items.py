"""What a text says of the item alone, where it says aspects stand, and how often it names things."""

import pytest
from msgspec.structs import replace

from explainer.evidence import SharedAspect
from explainer.writing.gate import check
from explainer.writing.vocabularies import load_vocabulary
from retriever.data import AspectSource
from tests.unit.test_gate import evidence

WORDS = load_vocabulary("en") | {"headline", "headlines"}


def failures(draft, *specs, source=AspectSource.CATALOGUE, **rest):
    return check(draft, evidence(*specs, source=source, **rest), WORDS).failures


@pytest.mark.parametrize(
    ("specs", "draft"),
    [
        (
            ["r drama", "r comedy"],
            "You liked the drama {b1} and the comedy {b2}, and {item} is both a drama and a comedy.",
        ),
        (["r war", "r drama"], "You liked the war film {b1} and the drama {b2}; {item} is a war drama."),
        (["r war", "r drama"], "After the war film {b1} and the drama {b2}, we suggest {item}, a war drama."),
        (
            ["r war", "r war", "r war"],
            "You liked three war films, {b1}, {b2} and {b3}, and {item} is a war film as well.",
        ),
    ],
)
def test_every_aspect_is_the_items_once_it_is_said_whose_else_it_is(specs, draft):
    assert failures(draft, *specs) == ()


@pytest.mark.parametrize(
    ("specs", "draft"),
    [
        # Whose else it is has not been said: a reader would take it for both.
        (["r drama", "r comedy"], "You liked {b1} and {b2}, and {item} is a drama and a comedy."),
        (["r drama", "r comedy"], "You liked the drama {b1} and {b2}; {item} is a drama with comedy."),
        # "too" says it of the others.
        (["r drama", "r comedy"], "You liked the drama {b1} and the comedy {b2}; {item} is a drama too."),
        (["r drama", "r comedy"], "You liked the comedy {b1} and the drama {b2}; {item} is both a drama and a comedy."),
        (["r drama", "r comedy"], "You liked {b1} and {b2}, both dramas; {item} is a drama and a comedy."),
    ],
)
def test_an_aspect_of_one_is_not_said_of_all(specs, draft):
    assert any(f.startswith("aspect_claim") for f in failures(draft, *specs))


@pytest.mark.parametrize(
    "draft",
    [
        "The action of {b1} and the thriller of {item} meet, both of which you rated {b1.value}.",
        "{b1} and {item} are action, both of them you liked.",
        "{item} goes with {b1}, both of which you gave {b1.value}.",
    ],
)
def test_with_one_behaviour_both_are_not_what_was_done(draft):
    assert any(f.startswith(("miscount", "misattached")) for f in failures(draft, "r action,thriller"))


IN_TITLE = "{item} has noir in its title like {b1}, which you gave {b1.value}."
MENTIONED = "{item} mentions noir like {b1}, which you gave {b1.value}."
TAGGED = "{item} is tagged noir like {b1}, which you gave {b1.value}."


@pytest.mark.parametrize(
    ("draft", "good"),
    [
        (IN_TITLE, {AspectSource.TITLE}),
        (MENTIONED, {AspectSource.TITLE, AspectSource.TEXT}),
        (TAGGED, {AspectSource.CATALOGUE}),
    ],
)
def test_an_aspect_stands_where_the_text_says(draft, good):
    for source in AspectSource:
        found = failures(draft, "r noir", source=source)
        assert any(f.startswith("source_claim") for f in found) is (source not in good), (source, found)


def test_a_title_is_nothing_to_talk_of_without_an_aspect():
    draft = "The titles of {b1} and {item} go together, and you gave {b1} {b1.value}."
    assert any(f.startswith("source_claim") for f in failures(draft, "r close"))


def test_only_news_have_headlines():
    draft = "{item} has noir in its headline like {b1}, which you opened."
    assert failures(draft, "v noir", source=AspectSource.TITLE, domain="news") == ()
    assert "source_claim: headline" in failures(draft, "v noir", source=AspectSource.TITLE, domain="shop")


def test_the_weakest_source_counts_where_aspects_stand_in_several():
    facts = evidence("r noir,crime", source=AspectSource.TITLE)
    cited = facts.behaviours[0]
    mixed = replace(cited, reasons=(SharedAspect("noir", AspectSource.TITLE), SharedAspect("crime", AspectSource.TEXT)))
    draft = "{item} has noir and crime in its title like {b1}, which you gave {b1.value}."
    assert check(draft, facts, WORDS).passed
    assert "source_claim: title" in check(draft, replace(facts, behaviours=(mixed,)), WORDS).failures


@pytest.mark.parametrize(
    ("specs", "draft"),
    [
        (
            ["r crime", "r crime"],
            "{item} has crime like {b1}, which you rated {b1.value}, and {b2} and {b1}, and like {b1}.",
        ),
        (["r crime"], "{item} is crime, {b1} is crime, and crime it is in {item}; you gave {b1} {b1.value}."),
        (["r crime"], "{item} is {item} and {item} has the crime of {b1}, which you gave {b1.value}."),
    ],
)
def test_a_sentence_that_harps_on_one_thing_is_refused(specs, draft):
    assert "repetition" in failures(draft, *specs)


@pytest.mark.parametrize(
    "draft",
    [
        "From {b1} and {b2} you gave {b1.value} and {b2.value}, and {item} is crime like both.",
        "After {b1} and {b2}, which you liked, {item} has the crime in between.",
    ],
)
def test_broken_grammar_is_refused_where_it_is_known(draft):
    assert any(f.startswith("grammar") for f in failures(draft, "r crime", "r crime"))


@pytest.mark.parametrize("noun", ["people", "films", "viewers"])
def test_an_article_takes_one(noun):
    draft = f"{{item}} has drama like {{b1}}, which you gave {{b1.value}}, for a {noun}."
    assert f"article: a {noun}" in failures(draft, "r drama")
