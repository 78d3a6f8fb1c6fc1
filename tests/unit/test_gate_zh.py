"""The gate in Chinese: true sentences pass, every text gets a verdict, and what passes says all that is cited."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.paths import corpus_dir
from explainer.tuning.examples import lint, read_corpus, vocabulary_of
from explainer.tuning.shapes import DOMAINS
from explainer.writing.gate import check, tokenize
from explainer.writing.gate.tokens import TokenKind
from explainer.writing.gate.zh import words
from explainer.writing.gate.zh.tokens import segments, sentences
from explainer.writing.slots import slot_values
from explainer.writing.style import AUDIENCES
from explainer.writing.vocabularies import load_vocabulary
from retriever.data import AspectSource, BehaviourKind
from tests.unit.chinese import NOIR, VOCABULARY, ZH, evidence, failures

GOLD = read_corpus(corpus_dir("zh"))


def test_the_gold_texts_are_many_and_pass_the_gate():
    assert lint(GOLD) == {}
    assert len(GOLD) >= 220
    assert all(example.locale == "zh" for example in GOLD)
    customers = [example for example in GOLD if example.audience == "customer"]
    assert len(customers) >= 150
    for audience in AUDIENCES:
        assert {e.domain for e in GOLD if e.audience == audience} == set(DOMAINS)
    assert {len(e.behaviours) for e in customers} == {0, 1, 2, 3}
    assert {link.kind for e in GOLD for link in e.behaviours} == set(BehaviourKind)
    links = [link for e in GOLD for link in e.behaviours]
    for what in ("people", "close", "series", "more", "creator", "when", "low"):
        assert sum(getattr(link, what) for link in links) >= 3, what
    assert Counter(e.causal for e in GOLD)[False] >= 20
    assert {e.source for e in GOLD} == set(AspectSource)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_shipped_words_hold_those_of_the_gold_texts(audience):
    assert load_vocabulary("zh", audience) >= frozenset(vocabulary_of(GOLD, audience)), (
        "run: explainer corpus --locale zh --write-vocabulary"
    )


def test_no_word_of_the_vocabulary_claims_what_no_rule_reads():
    for audience in AUDIENCES:
        for word in load_vocabulary("zh", audience) - words.PHRASES.keys():
            assert not words.is_negation(word), word
            assert not words.is_unlisted_claim(word), word
            assert not words.is_number(word), word
            assert not words.selling(word), word


def test_lists_share_a_claim_and_everything_else_has_its_own():
    draft = "您看过{b1}、{b2}和{b3}，与{b1}同属喜剧和科幻题材、与{b2}气质相近。"
    (sentence,) = sentences(tokenize(draft, ["comedy", "sci-fi"], "zh"))
    named = [[t.text for t in part if t.kind in {TokenKind.SLOT, TokenKind.ASPECT}] for part in segments(sentence)]
    assert named == [["b1", "b2", "b3"], ["b1", "喜剧", "科幻"], ["b2"]]


@given(st.text(max_size=120))
def test_any_text_gets_a_verdict_and_free_text_never_passes(text):
    facts = evidence("r noir", "r drama people")
    verdict = check(text, facts, VOCABULARY, ZH)
    assert verdict.passed is (not verdict.failures)
    if "{item}" not in text:
        assert not verdict.passed


PARTS = ["{b1}", "{b2}", "{item}", "{b1.value}", "{co2.n}", "{co2.m}", "黑色电影", "剧情", "和", "，"]
PIECES = st.sampled_from([*sorted(VOCABULARY)[::3], *PARTS])


@given(st.lists(PIECES, min_size=4, max_size=25))
def test_what_passes_places_only_known_slots_and_names_all_that_is_cited(parts):
    facts = evidence("r noir", "r drama people")
    if check("".join(parts) + "。", facts, VOCABULARY, ZH).passed:
        assert {"{item}", "{b1}", "{b2}"} <= set(parts)
        assert all(part[1:-1] in slot_values(facts, ZH) for part in parts if part.startswith("{"))


def test_english_readers_never_wait_for_the_segmenter():
    code = "import sys; from explainer.writing.gate import check; print('rjieba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize(("form", "rule"), [("{0}{0}", "repetition"), ("答案：{0}", "residue")])
def test_nothing_is_said_twice_or_announced(form, rule):
    text, facts = "您喜欢{b1}，而{item}同样是黑色电影。", evidence(*NOIR)
    assert failures(text, facts) == ()
    assert any(failure.startswith(rule) for failure in failures(form.format(text), facts))
