"""Phrase families: texts of nearly the same wording, kept together when the corpus is split.

Two texts are of one family when more than half of their word triples are the same, aspects and the numbers of slots
aside, or when a chain of such pairs links them (single linkage). A test text is therefore like no training text.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from explainer.tuning.examples import Example
from explainer.writing.gate.tokens import TokenKind, tokenize

_ALIKE = 0.5
_TRIPLE = 3
Triple = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """The corpus in three parts that share no phrase family.

    Attributes:
        train: What is learnt from.
        dev: What decides when to stop, and which pass is kept.
        test: What nothing was chosen by.
    """

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    test: tuple[Example, ...]


def marks(text: str, aspects: Sequence[str]) -> tuple[str, ...]:
    """Return a text's words with every aspect as one mark and slots without their numbers."""
    return tuple(
        "@" if t.kind is TokenKind.ASPECT else re.sub(r"\d", "", t.text) if t.kind is TokenKind.SLOT else t.text
        for t in tokenize(text, aspects)
    )


def skeleton(example: Example) -> tuple[str, ...]:
    """Return the marks of an example's text."""
    return marks(example.text, example.aspects)


def triples(example: Example) -> frozenset[Triple]:
    """Return the runs of three words of the skeleton."""
    words = skeleton(example)
    return frozenset(words[n : n + _TRIPLE] for n in range(max(1, len(words) - _TRIPLE + 1)))


def families(examples: Sequence[Example]) -> list[list[Example]]:
    """Return the examples in families, each in the order given."""
    found = [triples(example) for example in examples]
    parent = list(range(len(examples)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    holders: dict[Triple, list[int]] = defaultdict(list)
    for n, mine in enumerate(found):
        common = Counter(other for triple in mine for other in holders[triple])
        for other, both in common.items():
            if both > _ALIKE * (len(mine) + len(found[other]) - both):
                parent[root(n)] = root(other)
        for triple in mine:
            holders[triple].append(n)
    grouped: dict[int, list[Example]] = defaultdict(list)
    for n, example in enumerate(examples):
        grouped[root(n)].append(example)
    return list(grouped.values())


def split(examples: Sequence[Example], dev_share: float, test_share: float) -> Split:
    """Return the corpus split by family; a family's place depends on its first skeleton alone, not on others.

    Args:
        examples: The corpus.
        dev_share: Share of families for dev, 0 to 1.
        test_share: Share of families for test, 0 to 1.
    """
    train: list[Example] = []
    dev: list[Example] = []
    test: list[Example] = []
    for family in families(examples):
        place = _place(min(" ".join(skeleton(example)) for example in family))
        (test if place < test_share else dev if place < test_share + dev_share else train).extend(family)
    return Split(tuple(train), tuple(dev), tuple(test))


def _place(text: str) -> float:
    """Return a number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
