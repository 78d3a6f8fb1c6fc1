"""Series, makers and times as facts: what is one cause counts once, and the gate lets through what is true."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from explainer.attribution import Attribution, LeaveOneOut
from explainer.attribution.base import by_size
from explainer.evidence import CoOccurrence, EvidenceBuilder, SameCreator, SameSeries, SharedAspect
from explainer.evidence.causes import ranked
from explainer.view import CitedView
from explainer.writing.gate import check
from explainer.writing.prompts import VARIANTS, PromptLibrary
from explainer.writing.slots import fill, slot_values
from explainer.writing.vocabularies import load_vocabulary
from retriever.data import BehaviourKind, Dataset, History, Item
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, rating
from tests.unit.test_domains import DOMAINS, cited, facts
from tests.unit.test_prompts import template_words

NOW, DAY = 1_000_000_000, 86_400
KIND, LIBRARY = BehaviourKind, PromptLibrary()
WORDS = load_vocabulary("en") | template_words()
TRILOGY = ("Space War", "Space War 2", "Space War 3", "Space War 4")


def catalogue(creator=""):
    items = [Item(f"s{n}", title, ("sci-fi",), 1980 + n, creator=creator) for n, title in enumerate(TRILOGY)]
    items += [Item(f"x{n}", f"{word} Road", ("sci-fi",), 1990, creator=creator) for n, word in enumerate("ABCDEF")]
    users = [rating(f"u{u}", item.id, 5.0, u) for u in range(12) for item in items[u % 3 :: 2]]
    return Dataset("tiny", "video", tuple(items), tuple(users))


def built(behaviours, contributions, item="s3", dataset=None, domain="video"):
    model = fit(dataset or catalogue(), HashEncoder(), SMALL_HYBRID)
    history = History("me", tuple(behaviours))
    attribution = Attribution(item, "given", tuple(contributions), by_size(contributions), 1.0, 0.0, 0.0)
    return EvidenceBuilder(model, domain).build(history, attribution, now=NOW)


def test_parts_of_one_series_count_together_and_one_is_cited():
    behaviours = [rating("me", key, 5.0, n) for n, key in enumerate(("x0", "s0", "s1", "s2"))]
    evidence = built(behaviours, [5.0, 2.0, 3.0, 2.5])
    (lead,) = evidence.behaviours
    assert lead.item_id == "s1", "the strongest of the series, whose sum beats the single film"
    assert lead.contribution == 3.0
    assert set(lead.merged) == {behaviours[1].id, behaviours[3].id}
    assert lead.reasons[0] == SameSeries("Space War")
    assert lead.more_of_series == 2


def test_headlines_have_no_series():
    evidence = built([rating("me", "s0", 5.0)], [1.0], domain="news")
    assert evidence.behaviours[0].series == ""


def test_a_maker_in_common_is_a_reason():
    evidence = built([rating("me", "x0", 5.0)], [1.0], "x5", catalogue("Ada Lovelace"))
    assert evidence.behaviours[0].reasons[0] == SameCreator("Ada Lovelace")


def test_ties_go_to_the_latest_whatever_the_order_they_came_in():
    behaviours = [rating("me", f"x{n}", 5.0, time) for n, time in enumerate((5, None, 9, 9))]
    expected = None
    for shuffled in itertools.permutations(behaviours):
        contributions = (1.0,) * 4
        attribution = Attribution("s3", "given", contributions, by_size(contributions), 1.0, 0.0, 0.0)
        order = [b.id for b, _ in ranked(History("me", shuffled), attribution)]
        assert order == (expected := expected or order)
    latest = sorted(b.id for b in behaviours if b.time == 9)
    assert expected == [*latest, behaviours[0].id, behaviours[1].id]


def test_a_catalogue_without_makers_keeps_its_hash():
    without, with_makers = catalogue(), catalogue("Ada")
    assert without.content_hash != with_makers.content_hash
    assert Item("a", "A") == Item("a", "A", creator="")


def test_the_real_attribution_gives_the_same_evidence_twice(model, dataset):
    history = dataset.histories["u0"]
    item = next(i.id for i in dataset.items if i.id not in history.items())
    attribution = LeaveOneOut().attribute(model.recommender, history, item)
    builder = EvidenceBuilder(model, "video")
    assert builder.build(history, attribution, now=NOW) == builder.build(history, attribution, now=NOW)


def shapes():
    series, maker = SameSeries("Space War"), SameCreator("Ada Lovelace")
    noir, count = SharedAspect("noir"), CoOccurrence(7, 9)
    one = msgspec.structs.replace(cited("b1", KIND.LIKE, series), more_of_series=2, time=NOW - 2 * DAY)
    return [
        (one,),
        (cited("b1", KIND.PURCHASE, series, noir),),
        (cited("b1", KIND.PURCHASE, maker),),
        (cited("b1", KIND.LIKE, series), cited("b2", KIND.READ, maker)),
        (cited("b1", KIND.LIKE, series, noir), cited("b2", KIND.LIKE, noir), cited("b3", KIND.LIKE, count)),
    ]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("behaviours", shapes())
@pytest.mark.parametrize("variant", range(VARIANTS))
def test_every_text_tells_the_relation_and_passes_the_gate(domain, behaviours, variant):
    evidence = facts(domain, *behaviours, now=NOW)
    draft = LIBRARY.fallback(evidence, variant)
    assert check(draft, evidence, WORDS).failures == (), draft
    assert "series" in draft or "{b1.creator}" in draft
    assert "Lovelace" not in draft
    assert "{b" not in fill(draft, slot_values(evidence))


def test_time_and_number_are_told_where_they_read_well():
    evidence = facts("shop", shapes()[0][0], now=NOW)
    texts = [fill(LIBRARY.fallback(evidence, v), slot_values(evidence)) for v in range(VARIANTS)]
    assert any("\u201cTitle b1\u201d two days ago" in text for text in texts)
    assert any("and two more of the series" in text for text in texts)


FALSE = [
    ("You liked {b1}, and {item} belongs to the {b2.series} series.", "unknown_slot"),
    ("You liked {b1} and {b2}; {item} belongs to the same series as {b2}, noir.", "series_claim"),
    ("You liked {b1}, and {item} belongs to the same series as {b1} and {b2}.", "series_claim"),
    ("You liked {b1} and {b2}; {b1.series} is noir and {item} is here.", "misplaced: b1.series"),
    ("You liked {b1} and {b2} {b1.when}; {item} is here, noir.", "misplaced: b1.when"),
    ("{item} {b1.when} is like {b1} and {b2}, noir films you liked.", "misplaced: b1.when"),
    ("You liked {b1} and {b2}; {item} is by {b1.creator}.", "unknown_slot"),
    ("You liked {b2} and {b1.more} more of the series, and {b1}, and {item} is here.", "misplaced: b1.more"),
    ("You liked {b1} and {b1.more}, and {b2} is noir like {item}.", "misplaced: b1.more"),
]


@pytest.mark.parametrize(("draft", "rule"), FALSE)
def test_false_uses_of_the_new_slots_fail(draft, rule):
    lead = shapes()[0][0]
    evidence = facts("video", lead, cited("b2", KIND.LIKE, SharedAspect("noir")), now=NOW)
    failures = check(draft, evidence, WORDS).failures
    assert any(f.startswith(rule) for f in failures), failures


def test_people_in_a_count_did_nothing_at_the_readers_time():
    behaviour = msgspec.structs.replace(cited("b1", KIND.LIKE, CoOccurrence(7, 9)), time=NOW - DAY)
    draft = "You liked {b1}: {co1.n} of {co1.m} people who liked {b1} {b1.when} also liked {item}."
    assert not check(draft, facts("video", behaviour, now=NOW), WORDS).passed


def test_no_name_of_a_series_or_maker_reaches_a_prompt():
    for behaviours in shapes():
        prompt = LIBRARY.prompt(facts("video", *behaviours, now=NOW), "you")
        assert "Space" not in prompt.user + prompt.system
        assert "Ada" not in prompt.user + prompt.system
        assert "{b1.series}" in prompt.user or "{b1.creator}" in prompt.user


def test_a_record_from_before_merging_keeps_its_form():
    view = CitedView("b1", "b", "i", "T", "like", None, None, 1.0, 1.0, [])
    assert "merged" not in msgspec.to_builtins(view)
    assert msgspec.to_builtins(msgspec.structs.replace(view, merged=["c"]))["merged"] == ["c"]
