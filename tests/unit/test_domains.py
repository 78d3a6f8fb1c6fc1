"""Five domains: each says what was done, counts that, and nothing else; a claim from another domain is refused."""

from __future__ import annotations

import re

import msgspec
import pytest

from explainer.errors import PromptError
from explainer.evidence import CitedBehaviour, CloseInMeaning, CoOccurrence, Evidence, Popularity, SharedAspect
from explainer.writing.gate import check
from explainer.writing.gate.tokens import as_written
from explainer.writing.gate.words import DOINGS, foreign_nouns, own_words
from explainer.writing.prompts import VARIANTS, PromptLibrary
from explainer.writing.slots import fill, slot_values
from explainer.writing.vocabularies import load_vocabulary
from retriever.data import AspectSource, BehaviourKind, Polarity
from tests.unit.test_prompts import DOMAINS, template_words

LIBRARY, VOCABULARY = PromptLibrary(), load_vocabulary("en")
KIND = BehaviourKind


def cited(slot, kind, *reasons, value=None):
    return CitedBehaviour(slot, slot, slot, f"Title {slot}", kind, Polarity.POSITIVE, 1.0, 0.5, reasons, value)


def facts(domain, *behaviours, **more):
    return Evidence("item", "The Item", domain, behaviours=behaviours, **more)


def counted(domain, kind, as_kind=None, value=None):
    return facts(domain, cited("b1", kind, CoOccurrence(38, 120, as_kind or kind), value=value))


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_verb_of_a_domain_is_a_claim_the_gate_knows(domain):
    words = LIBRARY.words(domain)
    for kind in KIND:
        verb = words.verbs[kind].split()[0]
        if kind is KIND.LIKE:
            assert verb == "liked"
        else:
            assert kind in DOINGS[verb]
    assert {words.noun, words.plural} <= own_words(domain) | VOCABULARY
    assert not {words.noun, words.plural} & foreign_nouns(domain)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("kind", KIND)
def test_a_count_says_what_was_counted_and_passes_the_gate(domain, kind):
    words = LIBRARY.words(domain)
    evidence = counted(domain, kind)
    assert f"people who {words.verbs[kind]} {{b1}} {words.verbs[kind]} {{item}}" in LIBRARY.prompt(evidence, "you").user
    for variant in range(6):
        draft = LIBRARY.fallback(evidence, variant)
        did = words.verbs[kind]
        counts = rf"{{co1\.n}} of {{co1\.m}} people who {did} (?:it|{{b1}}) (?:also )?{did} (?:{{item}}|it)"
        assert re.search(counts, draft), draft
        assert check(draft, evidence, VOCABULARY | template_words()).failures == (), draft


@pytest.mark.parametrize(
    ("domain", "kind", "verb", "other"),
    [
        ("shop", KIND.PURCHASE, "bought", "liked"),
        ("shop", KIND.REVIEW, "reviewed", "bought"),
        ("shop", KIND.VIEW, "viewed", "bought"),
        ("news", KIND.CLICK, "opened", "read"),
        ("content", KIND.READ, "read", "liked"),
        ("content", KIND.LISTEN, "listened to", "read"),
        ("social", KIND.FOLLOW, "followed", "liked"),
        ("video", KIND.VIEW, "watched", "liked"),
    ],
)
def test_the_true_verb_passes_and_a_false_one_does_not(domain, kind, verb, other):
    evidence = counted(domain, kind)
    shapes = [
        "{{co1.n}} of {{co1.m}} people who {0} {{b1}} also {0} {{item}}.",
        "You {1} {{b1}}; of {{co1.m}} people who {0} it, {{co1.n}} {0} {{item}} too.",
        "{{item}} is here because {{co1.n}} of {{co1.m}} people who {0} {{b1}} {0} it.",
        "People who {0} {{b1}} also {0} {{item}}, {{co1.n}} of {{co1.m}} in all.",
    ]
    for shape in shapes:
        assert check(shape.format(verb, verb), evidence, VOCABULARY).failures == (), shape
        failures = check(shape.format(other, verb), evidence, VOCABULARY).failures
        assert any(f.startswith("people_claim") for f in failures), (shape, failures)


@pytest.mark.parametrize(
    "draft",
    [
        "{co1.n} of {co1.m} people who bought {b1} liked {item}.",
        "People who bought {b1}, as you did, tend to like {item}: {co1.n} of {co1.m} so far.",
        "You bought {b1}, and {item} was liked by {co1.n} of {co1.m} people who bought it.",
        "For {co1.n} of {co1.m} people who bought {b1}, {item} was another good choice.",
        "{co1.n} of {co1.m} people who bought {item} also bought {b1}.",
        "You bought {b1} and {item}, as {co1.n} of {co1.m} people who bought {b1} did.",
        "{item} is here because you bought {b1}, and both are from {co1.n} of {co1.m} people who did.",
        "{co1.n} of {co1.m} people who bought {b1} bought {item} because of it.",
    ],
)
def test_nobody_is_said_to_like_what_was_only_bought(draft):
    assert not check(draft, counted("shop", KIND.PURCHASE), VOCABULARY).passed


@pytest.mark.parametrize("claim", ["you liked both", "you read both", "you liked all of them", "you read each"])
def test_what_was_done_with_one_is_not_said_of_both(claim):
    noir = SharedAspect("noir")
    evidence = facts("content", cited("b1", KIND.LIKE, noir), cited("b2", KIND.READ, noir))
    assert not check(f"{{item}} is noir like {{b1}} and {{b2}}, and {claim}.", evidence, VOCABULARY).passed
    same = facts("content", cited("b1", KIND.READ, noir), cited("b2", KIND.READ, noir))
    text = f"{{item}} is noir like {{b1}} and {{b2}}, and {claim.replace('liked', 'read')}."
    assert check(text, same, VOCABULARY | {"each", "them"}).passed


def test_a_count_that_says_nothing_of_the_item_is_refused():
    evidence = facts("video", cited("b1", KIND.RATING, SharedAspect("noir"), CoOccurrence(3, 9), value=5.0))
    draft = "You liked {b1}, and {item} is noir like it, with {co1.n} of {co1.m} people who liked {b1}."
    assert any(f.startswith("count_claim") for f in check(draft, evidence, VOCABULARY).failures)


def test_people_who_liked_is_still_said_of_ratings_and_not_of_what_else_was_done():
    rated = counted("shop", KIND.REVIEW, KIND.LIKE, value=5.0)
    assert check("{co1.n} of {co1.m} people who liked {b1} also liked {item}.", rated, VOCABULARY).passed
    assert not check("{co1.n} of {co1.m} people who reviewed {b1} also reviewed {item}.", rated, VOCABULARY).passed


@pytest.mark.parametrize("domain", ["shop", "content", "social", "news"])
def test_only_films_are_films(domain):
    draft = "You opened {b1}, and {item} is a film like it: noir."
    evidence = facts(domain, cited("b1", KIND.CLICK, SharedAspect("noir")))
    assert check(draft, evidence, VOCABULARY).failures == ("foreign_noun: film",)
    noun = LIBRARY.words(domain).noun
    article = "an" if noun[0] in "aeiou" else "a"
    assert check(draft.replace("a film", f"{article} {noun}"), evidence, VOCABULARY).passed


def xbox(*extra):
    return facts("shop", cited("b1", KIND.REVIEW, SharedAspect("Xbox 360", AspectSource.TITLE), *extra))


@pytest.mark.parametrize(
    "draft",
    [
        "You reviewed {b1}, and {item} has Xbox 360 in common with it.",
        "You reviewed {b1}, and {item} has xbox 360 in common with it.",
        "You reviewed {b1}; here is another Xbox 360 product: {item}.",
        "Xbox 360 again: you reviewed {b1}, so here is {item}.",
    ],
)
def test_digits_and_capitals_may_stand_in_an_aspect(draft):
    assert check(draft, xbox(), VOCABULARY | {"common"}).failures == ()


@pytest.mark.parametrize(
    ("draft", "rule"),
    [
        ("You reviewed {b1}, and {item} has Xbox 720 in it.", "digits"),
        ("You reviewed {b1}, and {item} has Xbox 3600 in it.", "digits"),
        ("You reviewed {b1}, and {item} has a 360 in it.", "digits"),
        ("You reviewed {b1}, and {item} has Xbox 360 5 in it.", "digits"),
        ("You reviewed {b1}, and {item} has Xbox 360 and Zelda in it.", "name: Zelda"),
        ("You reviewed {b1}, and {item} has Xbox in it.", "unknown_word: xbox"),
        ("You reviewed {b1}, and {item} is an Xbox 360 like it.", "not_a_kind"),
        ("{b1} and {item} are both Xbox 360, and you reviewed the first.", "not_a_kind"),
    ],
)
def test_digits_and_capitals_stand_nowhere_else(draft, rule):
    failures = check(draft, xbox(), VOCABULARY).failures
    assert any(f.startswith(rule) for f in failures), failures


def test_names_are_shown_as_they_are_written():
    assert as_written("{item} is an xbox 360 drama like {b1}.", ("Xbox 360", "drama")) == (
        "{item} is an Xbox 360 drama like {b1}."
    )
    assert as_written("Dramas: {xbox 360}", ("Xbox 360", "drama")) == "Dramas: {xbox 360}"


@pytest.mark.parametrize("word", ["people", "liked", "because", "you", "bought", "film"])
def test_a_hostile_aspect_hides_no_claim(word):
    evidence = facts("shop", cited("b1", KIND.REVIEW, SharedAspect(word, AspectSource.TITLE)))
    assert not check("Many people liked {b1}, so you liked {item}, a film.", evidence, VOCABULARY).passed


@pytest.mark.parametrize("source", AspectSource)
@pytest.mark.parametrize("domain", DOMAINS)
def test_only_what_the_catalogue_says_is_called_filed(domain, source):
    shared = SharedAspect("Game Boy", source)
    for behaviours in (
        [cited("b1", KIND.LIKE, shared)],
        [cited("b1", KIND.LIKE, shared), cited("b2", KIND.READ, shared), cited("b3", KIND.LIKE, shared)],
        [cited("b1", KIND.LIKE, shared), cited("b2", KIND.LIKE, SharedAspect("Zelda", source))],
    ):
        for variant in range(6):
            evidence = facts(domain, *behaviours)
            draft = LIBRARY.fallback(evidence, variant)
            assert check(draft, evidence, VOCABULARY | template_words()).failures == (), draft
            if source is not AspectSource.CATALOGUE:
                assert LIBRARY.words(domain).filed not in draft
                assert "shelf" not in draft


def test_several_kinds_are_told_verb_by_verb():
    close = CloseInMeaning(0.9)
    behaviours = [cited("b1", KIND.LIKE, close), cited("b2", KIND.FOLLOW, close), cited("b3", KIND.LIKE, close)]
    evidence = facts("social", *behaviours)
    texts = {fill(LIBRARY.fallback(evidence, variant), slot_values(evidence)) for variant in range(VARIANTS)}
    expected = (
        "You liked \u201cTitle b1\u201d and \u201cTitle b3\u201d, and followed \u201cTitle b2\u201d, "
        "and \u201cThe Item\u201d is close to them in topic."
    )
    assert expected in texts


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("variant", range(6))
def test_every_cited_behaviour_has_its_reason_told(domain, variant):
    words = LIBRARY.words(domain)
    close, count = CloseInMeaning(0.9), CoOccurrence(7, 9)
    evidence = facts(
        domain,
        cited("b1", KIND.LIKE, SharedAspect("noir")),
        cited("b2", KIND.LIKE, close),
        cited("b3", KIND.LIKE, count),
    )
    draft = LIBRARY.fallback(evidence, variant)
    assert check(draft, evidence, VOCABULARY | template_words()).failures == (), draft
    assert ("is a noir like {b1}" if domain == "video" else "shares noir with {b1}") in draft
    assert f"close to {{b2}} {words.kinship}" in draft
    assert "people who liked {b3}" in draft
    two = facts(domain, cited("b1", KIND.LIKE, close), cited("b2", KIND.LIKE, count))
    assert f"close to {{b1}} {words.kinship}" in LIBRARY.fallback(two, variant)
    assert check(LIBRARY.fallback(two, variant), two, VOCABULARY | template_words()).failures == ()


@pytest.mark.parametrize("kind", KIND)
@pytest.mark.parametrize("domain", DOMAINS)
def test_popularity_says_what_people_did(domain, kind):
    evidence = facts(domain, popularity=Popularity(3, 9, kind))
    verb = LIBRARY.words(domain).verbs[kind]
    assert all(f" {verb} " in LIBRARY.fallback(evidence, variant) for variant in range(6))


def test_a_domain_without_wording_is_an_error_that_names_it():
    with pytest.raises(PromptError, match=r"en/domains/garden\.j2"):
        LIBRARY.words("garden")


def test_old_records_without_kind_and_source_still_read():
    assert msgspec.convert({"type": "co_occurrence", "n": 1, "m": 2}, CoOccurrence).kind is KIND.LIKE
    assert msgspec.convert({"type": "shared_aspect", "aspect": "noir"}, SharedAspect).source is AspectSource.CATALOGUE
