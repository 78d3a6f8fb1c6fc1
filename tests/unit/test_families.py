"""Phrase families: the test part holds no text like one that was learnt from."""

from __future__ import annotations

import random

from explainer.paths import corpus_dir
from explainer.tuning.config import TuneConfig
from explainer.tuning.examples import Example, Link, read_corpus
from explainer.tuning.families import families, skeleton, split, triples
from retriever.data import BehaviourKind

CONFIG = TuneConfig()
EXAMPLES = read_corpus(corpus_dir("en"))
PARTS = split(EXAMPLES, CONFIG.dev_share, CONFIG.test_share)


def example(number, text, aspect="noir"):
    return Example(str(number), "video", text, (Link(BehaviourKind.RATING, (aspect,)),))


def test_no_text_of_one_part_is_like_one_of_another():
    parts = [[triples(e) for e in part] for part in (PARTS.train, PARTS.dev, PARTS.test)]
    for n, part in enumerate(parts):
        for other in parts[n + 1 :]:
            assert not [1 for a in part for b in other if 2 * len(a & b) > len(a | b)]


def test_every_example_is_in_one_part_and_the_parts_have_their_size():
    assert sorted(e.id for part in (PARTS.train, PARTS.dev, PARTS.test) for e in part) == sorted(e.id for e in EXAMPLES)
    assert 0.05 < len(PARTS.dev) / len(EXAMPLES) < 0.13
    assert 0.06 < len(PARTS.test) / len(EXAMPLES) < 0.15
    assert {e.domain for e in PARTS.test} == {"video", "shop", "content", "social", "news"}
    assert {e.audience for e in PARTS.test} == {"customer", "support", "auditor"}


def test_the_order_of_the_corpus_changes_no_part():
    shuffled = EXAMPLES[:]
    random.Random(3).shuffle(shuffled)
    again = split(shuffled, CONFIG.dev_share, CONFIG.test_share)
    assert {e.id for e in again.test} == {e.id for e in PARTS.test}
    assert {e.id for e in again.dev} == {e.id for e in PARTS.dev}


def test_aspects_and_slot_numbers_make_no_other_family():
    a = example(1, "You gave {b1} {b1.value}, and {item} is another noir.")
    b = example(2, "You gave {b1} {b1.value}, and {item} is another western.", "western")
    c = example(3, "{item} shares its noir with {b1}.")
    assert skeleton(a) == skeleton(b)
    assert [[e.id for e in family] for family in families([a, c, b])] == [["1", "2"], ["3"]]
