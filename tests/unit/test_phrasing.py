"""True drafts put better by rule: one "and" in a list, nouns where English wants them; oddities are refused."""

from __future__ import annotations

import pytest

from explainer.paths import corpus_dir
from explainer.tuning.examples import read_corpus, vocabulary_of
from explainer.writing.gate import check, review
from explainer.writing.style import AUDIENCES
from explainer.writing.vocabularies import load_vocabulary
from tests.unit.test_gate import evidence

VOCABULARY = load_vocabulary("en")


@pytest.mark.parametrize(
    ("draft", "better"),
    [
        (
            "You liked the drama films {b1} and {b2} and {b3}, and {item} is a drama film too.",
            "You liked the dramas {b1}, {b2} and {b3}, and {item} is a drama too.",
        ),
        (
            "{item} joins {b1}, {b2} and {b3}, which you liked, and it is a drama like {b1} and {b2} and {b3}.",
            "{item} joins {b1}, {b2} and {b3}, which you liked, and it is a drama like all three.",
        ),
    ],
)
def test_a_list_of_three_has_one_and_and_is_not_said_twice(draft, better):
    assert review(draft, evidence("r drama", "r drama", "r drama"), VOCABULARY) == (
        better,
        check(better, evidence("r drama", "r drama", "r drama"), VOCABULARY),
    )


@pytest.mark.parametrize(
    ("aspects", "draft", "better"),
    [
        ("war,sci-fi", "another war sci-fi: {item}", "another war sci-fi film: {item}"),
        ("war,action", "another war and action: {item}", "another war and action film: {item}"),
        ("romance,drama", "{item} is a romance drama like it", "{item} is a romantic drama like it"),
        ("thriller", "{item} has the thriller of {b1}", "{item} has the thriller side of {b1}"),
        ("thriller", "{item} shares its thriller with {b1}", "{item} shares its thriller side with {b1}"),
        ("thriller", "{item} shares thriller with {b1}", "{item} shares its thriller side with {b1}"),
        ("western", "{item} has western in common with {b1}", "{item} has a western side in common with {b1}"),
        ("horror", "both {b1} and {item} are horror", "both {b1} and {item} are horror films"),
        ("crime,thriller", "both are crime thriller, and", "both are crime thrillers, and"),
        ("action", "which is action like {b1}", "which is an action film like {b1}"),
        (
            "action,crime",
            "{item} is action like {b1} and crime like {b2}",
            "{item} is an action film like {b1} and a crime film like {b2}",
        ),
        ("action,thriller", "it is action and thriller like {b1}", "it is an action and thriller film like {b1}"),
        ("thriller", "thriller films", "thrillers"),
        ("crime", "the crime films {b1} and {b2}", "the crime films {b1} and {b2}"),
        ("comedy,crime", "comedy and crime films", "comedy and crime films"),
        ("animation", "both are animated", "both are animated"),
        ("comedy,drama", "both are comedy and drama", "both are comedy and drama"),
        ("animation", "it is animated too", "it is animated too"),
        ("horror", "what it has in common with {b1} is horror too", "what it has in common with {b1} is horror too"),
        ("adventure", "they are adventure", "they are adventure"),
        ("comedy", "{item} shares comedy with {b1}", "{item} shares comedy with {b1}"),
        ("comedy,drama", "a comedy and drama like {b1}", "a comedy and drama like {b1}"),
    ],
)
def test_genres_get_the_noun_article_or_plural_that_english_wants(aspects, draft, better):
    facts = evidence(f"r {aspects}", f"r {aspects}")
    assert review(draft, facts, VOCABULARY)[0] == better


def test_in_news_an_aspect_is_what_a_story_is_about_and_no_story_is_a_golf():
    text, verdict = review(
        "You opened {b1}, and {item} is another golf.", evidence("v golf", domain="news"), VOCABULARY
    )
    assert (text, verdict.failures) == ("You opened {b1}, and {item} is another golf story.", ())


def test_stars_are_no_singular():
    text, verdict = review(
        "Your {b1.value} for {b1} is why {item} is here: both are dramas.", evidence("r drama"), VOCABULARY
    )
    assert (text, verdict.failures) == ("Your {b1.value} for {b1} brought {item} here: both are dramas.", ())


@pytest.mark.parametrize(
    ("specs", "draft"),
    [
        (
            ["r drama", "r drama"],
            "With {b1} and {b2} you gave {b1.value} and {b2.value}, and {item} is a drama.",
        ),
        (["r drama"], "We put {item} beside {b1}, which you rated {b1.value}; drama is what it is."),
        (
            ["r drama", "r drama", "r drama"],
            "You liked {b1}, {b2} and {b3}; here is {item}, a drama, which is all of them.",
        ),
        (["r drama,war"], "{item} has the drama of {b1}, which you liked, and the war of {b1}."),
        (["r drama"], "{item} has the drama of both, and you gave {b1} {b1.value}."),
    ],
)
def test_what_nobody_would_say_is_refused(specs, draft):
    failures = review(draft, evidence(*specs), VOCABULARY)[1].failures
    assert any(f.startswith(("stilted", "repetition", "miscount")) for f in failures), failures


@pytest.mark.parametrize(
    ("spec", "draft", "what"),
    [
        ("v drama", "Your like for {b1} leads to {item}: both are dramas.", "like"),
        ("r drama", "The purchase of {b1} leads to {item}: both are dramas.", "purchase"),
    ],
)
def test_a_deed_told_as_a_noun_was_done(spec, draft, what):
    vocabulary = VOCABULARY | {"purchase", "leads"}
    assert f"kind_claim: {what}" in check(draft, evidence(spec), vocabulary).failures


def test_true_texts_of_the_corpus_stay_true_when_put_better():
    examples = read_corpus(corpus_dir("en"))
    words = {audience: frozenset(vocabulary_of(examples, audience)) for audience in AUDIENCES}
    for example in examples:
        text, verdict = review(example.text, example.evidence(), words[example.audience], example.style)
        assert verdict.failures == (), text
