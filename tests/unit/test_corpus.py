"""The corpus: enough of it, all of it true, varied; the vocabulary and the augmentation follow from it."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from explainer.errors import CorpusError
from explainer.paths import corpus_dir
from explainer.tuning.augment import augmented
from explainer.tuning.examples import lint, read_corpus, vocabulary_of
from explainer.writing.gate import check
from explainer.writing.style import AUDIENCES, CUSTOMER
from explainer.writing.vocabularies import load_vocabulary

EXAMPLES = read_corpus(corpus_dir("en"))


WORDS = {audience: frozenset(vocabulary_of(EXAMPLES, audience)) for audience in AUDIENCES}


def test_there_are_more_than_a_thousand_different_sentences():
    assert len({example.text for example in EXAMPLES}) == len(EXAMPLES) > 1500
    assert len({example.id for example in EXAMPLES}) == len(EXAMPLES)


def test_every_domain_reader_and_number_of_behaviours_is_there():
    assert {example.domain for example in EXAMPLES} == {"video", "shop", "content", "social", "news"}
    assert min(Counter(example.audience for example in EXAMPLES).values()) >= 100
    sizes = Counter(len(example.behaviours) for example in EXAMPLES if example.audience == CUSTOMER)
    assert set(sizes) == {0, 1, 2, 3}
    assert min(sizes.values()) >= 20


def test_every_sentence_passes_the_gate():
    assert lint(EXAMPLES) == {}


def test_the_shipped_vocabulary_is_the_corpus_vocabulary():
    shipped = {audience: load_vocabulary("en", audience) for audience in AUDIENCES}
    assert shipped == WORDS, "run: explainer corpus --write-vocabulary"


def test_exchanged_aspects_and_slots_leave_every_sentence_true():
    rng = random.Random(7)
    changed = 0
    for _ in range(2):
        for example in EXAMPLES:
            other = augmented(example, rng)
            changed += other.text != example.text
            assert check(other.text, other.evidence(), WORDS[other.audience], other.style).failures == (), other.text
    assert changed > len(EXAMPLES)


def test_articles_follow_the_exchanged_aspect():
    texts = [augmented(example, random.Random(n)).text for n in range(5) for example in EXAMPLES]
    assert not [t for t in texts if any(f" a {vowel}" in t for vowel in ("action", "adventure", "espionage"))]


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
        read_corpus(corpus_dir("xx"))
