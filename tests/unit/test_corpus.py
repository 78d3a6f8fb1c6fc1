"""The corpus: enough of it, all of it true, varied; the vocabulary and the augmentation follow from it."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from explainer.errors import CorpusError
from explainer.paths import corpus_file
from explainer.tuning.augment import augmented
from explainer.tuning.batches import split
from explainer.tuning.examples import lint, opening_of, read_corpus, vocabulary_of
from explainer.writing.gate import check
from explainer.writing.prompts import OPENINGS
from explainer.writing.vocabularies import load_vocabulary

EXAMPLES = read_corpus(corpus_file("en"))


def test_there_are_at_least_two_hundred_different_sentences():
    assert len({example.text for example in EXAMPLES}) == len(EXAMPLES) >= 200
    assert len({example.id for example in EXAMPLES}) == len(EXAMPLES)


def test_one_to_three_behaviours_with_and_without_aspects_in_every_opening():
    sizes = Counter(len(example.behaviours) for example in EXAMPLES)
    assert set(sizes) == {1, 2, 3}
    assert min(sizes.values()) >= 40
    assert sum(not example.aspects for example in EXAMPLES) >= 20
    assert {opening_of(example.text) for example in EXAMPLES} == set(OPENINGS)


def test_every_sentence_passes_the_gate():
    assert lint(EXAMPLES) == {}


def test_the_shipped_vocabulary_is_the_corpus_vocabulary():
    assert load_vocabulary("en") == frozenset(vocabulary_of(EXAMPLES)), "run: explainer corpus --write-vocabulary"


def test_exchanged_aspects_and_slots_leave_every_sentence_true():
    rng = random.Random(7)
    vocabulary = frozenset(vocabulary_of(EXAMPLES))
    changed = 0
    for _ in range(3):
        for example in EXAMPLES:
            other = augmented(example, rng)
            changed += other.text != example.text
            assert check(other.text, other.evidence(), vocabulary).failures == (), other.text
    assert changed > len(EXAMPLES)


def test_articles_follow_the_exchanged_aspect():
    texts = [augmented(example, random.Random(n)).text for n in range(5) for example in EXAMPLES]
    assert not [t for t in texts if any(f" a {vowel}" in t for vowel in ("action", "adventure", "espionage"))]


def test_the_split_depends_on_ids_alone():
    train, dev = split(EXAMPLES, 0.1)
    assert {e.id for e in train} | {e.id for e in dev} == {e.id for e in EXAMPLES}
    assert 0.05 < len(dev) / len(EXAMPLES) < 0.2
    assert split(EXAMPLES[:100], 0.1)[1] == [e for e in dev if e in EXAMPLES[:100]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no examples"),
        ("{}\n", "line 1"),
        ('{"id": "a", "domain": "video", "behaviours": [{"kind": "stare"}], "text": "x"}\n', "stare"),
    ],
)
def test_a_bad_corpus_is_an_error_that_names_the_line(tmp_path, content, words):
    path = tmp_path / "c.jsonl"
    path.write_text(content)
    with pytest.raises(CorpusError, match=words):
        read_corpus(path)


def test_no_corpus():
    with pytest.raises(CorpusError, match="no corpus"):
        read_corpus(corpus_file("xx"))
