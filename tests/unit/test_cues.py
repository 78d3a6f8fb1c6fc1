"""Cues: how texts begin, which facts they fit, and which are kept."""

from __future__ import annotations

import pytest

from explainer.errors import AssetError
from explainer.paths import corpus_dir
from explainer.tuning.cues import CuePolicy, calibrated, candidate_cues
from explainer.tuning.examples import Example, Link, read_corpus, vocabulary_of
from explainer.writing.cues import FILE, CueTable, cue_of, signature, suits
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import AUDIENCES, Style
from retriever.data import AspectSource, BehaviourKind
from tests.unit.test_gate import evidence

EXAMPLES = read_corpus(corpus_dir("en"))
RATED = (Link(BehaviourKind.RATING, ("noir",)),)


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("You gave {b1} {b1.value}, and {item} is noir.", "You gave"),
        ("After {b1}, which you liked, {item}.", "After {b1}"),
        ("Noir runs through {b1} and {item}.", ""),
        ("The noir of {b1} is in {item}.", "The"),
        ("Another noir: {item}.", "Another"),
        ("Science fiction links {b1} and {item}.", ""),
        ("{item}, like {b1}, is noir.", "{item}, like"),
    ],
)
def test_a_cue_is_two_words_and_names_no_aspect(text, cue):
    assert cue_of(text, ("noir", "sci-fi")) == cue


def test_every_text_of_the_corpus_begins_with_its_cue():
    assert all(e.text.startswith(cue_of(e.text, e.aspects)) for e in EXAMPLES)


def test_the_signature_tells_facts_apart_but_not_aspects():
    style = Style()
    assert signature(evidence("r noir"), style) == signature(evidence("r war"), style) == "customer a"
    kinds = [["r noir", "r noir"], ["r noir", "r war"], ["r noir people"], ["r noir,war"], ["r people"], []]
    assert len({signature(evidence(*specs), style) for specs in kinds}) == len(kinds)
    assert signature(evidence("r noir"), Style("en", "support")) == "support a"
    assert signature(evidence("r noir", "r people"), Style("en", "auditor")) == "auditor .."
    assert signature(evidence("v noir"), style) == "customer a", "verbs are looked at when a cue is chosen"


def test_candidates_are_borrowed_among_facts_of_the_same_acts():
    examples = [
        Example("1", "video", "You gave {b1} {b1.value}, and {item} is noir.", RATED),
        Example("2", "video", "Of {co1.m} people …", (Link(BehaviourKind.RATING, people=True),)),
        Example("3", "shop", "You bought {b1}.", (Link(BehaviourKind.PURCHASE, people=True),)),
    ]
    found = candidate_cues(examples, 5)
    assert found["customer a"] == ("You gave", "Of {co1.m}", "You bought")
    assert set(found["customer p"]) == {"Of {co1.m}", "You bought", "You gave"}


def test_a_cue_suits_facts_that_have_its_slots_verbs_and_nouns():
    rated, bought = evidence("r noir"), evidence("p noir people")
    for cue, facts, fits in [
        ("You gave", rated, True),
        ("You gave", bought, False),
        ("Your {b1.value}", rated, True),
        ("Your {b1.value}", bought, False),
        ("You bought", bought, True),
        ("You liked", bought, False),
        ("Of {co1.m}", bought, True),
        ("Of {co1.m}", rated, False),
        ("{b2} and", rated, False),
        ("Another film", rated, True),
        ("Another product", rated, False),
    ]:
        assert suits(cue, facts, Style()) is fits, cue


def test_cues_whose_texts_pass_come_first_and_few_others_are_kept():
    examples = [e for e in EXAMPLES if e.audience == "customer"][:60]

    def write(prompts):
        """Tells the truth after "You gave" and nonsense after all else."""
        good = "You gave {b1} {b1.value}, and {item} is close to it in spirit."
        return [Draft(good if p.user.startswith("Begin: You gave") else "Nonsense.") for p in prompts]

    vocabulary = {audience: frozenset(vocabulary_of(EXAMPLES, audience)) for audience in AUDIENCES}
    close = Example("c", "video", "You gave {b1} {b1.value}.", (Link(BehaviourKind.RATING, close=True),))
    steps = []
    table = calibrated(
        [*examples, close],
        write,
        PromptLibrary(),
        vocabulary,
        CuePolicy(rounds=2, least=1),
        lambda *at: steps.append(at),
    )
    assert table.fitting(close.evidence(), close.style)[0] == "You gave"
    kinds = {signature(e.evidence(), e.style) for e in examples if cue_of(e.text, e.aspects)}
    served = {signature(e.evidence(), e.style) for e in examples if table.fitting(e.evidence(), e.style)}
    assert served >= kinds
    assert steps[-1][0] == steps[-1][1]


def test_cues_that_read_like_the_corpus_come_before_others_and_most_are_dropped():
    links = (Link(BehaviourKind.RATING, close=True),)
    texts = [
        "You gave {b1} {b1.value}, and {item} is close to it in spirit.",
        "For {b1} you gave {b1.value}, and {item} is close to it in spirit.",
        "After {b1}, which you liked, {item} is close in spirit.",
    ]
    examples = [Example(f"e{n}", "video", text, links) for n, text in enumerate(texts)]

    def write(prompts):
        """Begins as asked; after "After" it goes on as nobody would."""
        odd = "{b1}, which you liked, in spirit {item} is close to it."
        cues = [p.user.splitlines()[0].removeprefix("Begin: ") for p in prompts]
        known = {cue_of(text, ()): text for text in texts}
        return [Draft(f"After {odd}" if cue.startswith("After") else known[cue]) for cue in cues]

    vocabulary = {audience: frozenset(vocabulary_of(EXAMPLES, audience)) for audience in AUDIENCES}
    table = calibrated(examples, write, PromptLibrary(), vocabulary, CuePolicy(rounds=2, least=1))
    assert table.fitting(examples[0].evidence(), Style())[-1] == "After {b1}"
    few = calibrated(examples, write, PromptLibrary(), vocabulary, CuePolicy(rounds=2, least=1, most=2))
    assert len(few.fitting(examples[0].evidence(), Style())) == 2
    assert "After {b1}" not in few.fitting(examples[0].evidence(), Style())


def test_a_table_comes_back_as_it_was_saved(tmp_path):
    table = CueTable({"customer a": ("You gave", "After {b1}")})
    table.save(tmp_path)
    assert CueTable.load(tmp_path).fitting(evidence("r noir"), Style()) == ("You gave", "After {b1}")
    assert CueTable.load(tmp_path).fitting(evidence("r people"), Style()) == ()


@pytest.mark.parametrize("content", [None, b"{", b"[1]", b'{"a": 3}'])
def test_a_missing_or_damaged_table_is_an_error_with_the_way_out(tmp_path, content):
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(AssetError, match="explainer tune"):
        CueTable.load(tmp_path)


def test_equal_aspects_of_some_are_told_apart_from_different_ones():
    assert signature(evidence("r drama", "r drama", "r people"), Style()) == "customer o o p"
    assert signature(evidence("r drama", "r comedy", "r people"), Style()) == "customer o q p"
    assert signature(evidence("r drama", "r comedy", "r war"), Style()) == "customer o q r"
    assert signature(evidence("r drama,war", "r drama"), Style()) == "customer ao a"


def test_where_aspects_stand_is_part_of_the_kind_only_if_they_are_told():
    assert signature(evidence("r noir", source=AspectSource.TITLE), Style()) == "customer a title"
    assert signature(evidence("r noir series", source=AspectSource.TITLE), Style()) == "customer s"
