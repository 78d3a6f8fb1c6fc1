"""True drafts put better by rule: one rating for two, one "and" in a list, nouns where English wants them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from explainer.paths import corpus_dir
from explainer.tuning.examples import read_corpus, vocabulary_of
from explainer.writing.aspects import as_kind
from explainer.writing.gate import check, review
from explainer.writing.phrasing import put_better
from explainer.writing.prompts import VARIANTS, PromptLibrary
from explainer.writing.slots import fill, fill_plainly, slot_values
from explainer.writing.style import AUDIENCES, Style
from explainer.writing.texts import Request
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import told_facts
from retriever.data import BehaviourKind
from tests.unit.test_gate import evidence
from tests.unit.test_writer import ScriptedEngine, write

VOCABULARY = load_vocabulary("en")
LIBRARY = PromptLibrary()
COUNTED = ", and {co3.n} of {co3.m} people who liked {b3} liked it."


def rated(facts, *values):
    """Return the facts with these ratings."""
    return replace(
        facts, behaviours=tuple(replace(b, value=value) for b, value in zip(facts.behaviours, values, strict=True))
    )


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


@pytest.mark.parametrize("draft", ["You gave {b1} {b1.value} and {b2} {b2.value}; {item} is a drama like both."])
def test_a_rating_that_is_none_is_not_passed_by_telling_it_once(draft):
    facts = evidence("r drama", "r drama")
    reviewed = replace(facts.behaviours[1], kind=BehaviourKind.REVIEW)
    facts = replace(facts, behaviours=(facts.behaviours[0], reviewed))
    assert review(draft, facts, VOCABULARY) == (draft, check(draft, facts, VOCABULARY))
    assert "unknown_slot: b2.value" in check(draft, facts, VOCABULARY).failures


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


@given(st.text("ab .?!1é…", max_size=20), st.text("Ab .?!…", max_size=12))
def test_filling_puts_a_title_in_once_and_takes_away_no_more_than_a_full_stop(text, title):
    values = {"item": title}
    assert fill(text, values) == text, "what has no slots stays as it is"
    draft = f"{text}{{item}}. {text}"
    end = f"{text}{title}"
    ends_itself = title.endswith((".", "!", "?", "…"))
    assert fill(draft, values) == (f"{end} {text}" if ends_itself else f"{end}. {text}")
    assert fill_plainly(draft, values) == f"{end}. {text}"


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


def test_a_title_that_ends_a_sentence_by_itself_needs_no_full_stop():
    values = {"item": "When Harry Met Sally...", "b1": "O Brother, Where Art Thou?"}
    assert fill("Here is {item}.", values) == "Here is When Harry Met Sally..."
    assert (
        fill("Here is {item}. You saw {b1}.", values)
        == "Here is When Harry Met Sally... You saw O Brother, Where Art Thou?"
    )
    assert fill("Why {b1}? {item}, too.", values) == "Why O Brother, Where Art Thou? When Harry Met Sally..., too."


def test_customers_are_not_told_of_the_rating_that_spoke_against_it_and_staff_is():
    facts = evidence("r drama", "r drama low")
    assert [b.slot for b in told_facts(Request(facts, "u"), Style()).behaviours] == ["b1"]
    assert told_facts(Request(facts, "u"), Style("en", "support")).behaviours == facts.behaviours


@pytest.mark.parametrize(
    ("aspects", "kind"),
    [
        (["romance", "comedy"], "a romantic comedy"),
        (["action"], "an action film"),
        (["adventure", "action"], "an action adventure"),
        (["war", "action"], "a war and action film"),
        (["time travel"], ""),
        (["war", "crime", "drama"], ""),
        ([], ""),
    ],
)
def test_what_a_film_is_by_its_genres(aspects, kind):
    assert as_kind(aspects, "film") == kind


def test_templates_say_what_a_film_is_and_rate_two_alike_at_once():
    facts = evidence("r romance", "r romance")
    texts = {fill(LIBRARY.fallback(facts, variant), slot_values(facts)) for variant in range(VARIANTS)}
    assert any("both b1 and b2 5 stars" in text for text in texts)
    assert all("romance" in text and "filed" not in text and "shelf" not in text for text in texts)
    unknown = evidence("r cyberpunk")
    assert any("is filed under cyberpunk" in LIBRARY.fallback(unknown, variant) for variant in range(VARIANTS))


def test_templates_make_no_sentence_of_because_alone():
    for variant in range(VARIANTS):
        draft = LIBRARY.fallback(evidence("r people"), variant)
        assert not draft.startswith("Because") or ", here is {item}: " in draft


def test_chinese_templates_tell_equal_ratings_once_and_the_gate_knows_when_that_is_true():
    style, facts = Style("zh"), evidence("r drama", "r drama")
    words = load_vocabulary("zh")
    draft = LIBRARY.fallback(facts, 0, style)
    assert "给{b1}和{b2}都打了{b1.value}" in draft
    assert check(draft, facts, words, style).failures == ()
    different = rated(facts, 5.0, 4.0)
    assert check(draft, different, words, style).failures == ("misattached: b1.value",)
    assert "给{b1}打了{b1.value}，给{b2}打了{b2.value}" in LIBRARY.fallback(different, 0, style)
