"""Item → the categories it belongs to: by a term in its words, or because they are close to what a category is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import msgspec
import numpy as np
import numpy.typing as npt

from explainer.errors import SettingsError
from explainer.evidence.firewall.categories import Category, Lists
from explainer.evidence.firewall.terms import pattern_of, plain
from retriever.data import Item
from retriever.encoder import Embeddings, TextEncoder, item_text

Vector = npt.NDArray[np.float32]


class Firewall:
    """Judges items, each by itself: the same item gets the same answer wherever it is asked for.

    Args:
        lists: What to look for.
        encoder: Embeds items and descriptions; without one, terms alone decide.

    Attributes:
        words: What no text says; they have no part in what an item is.
        trouble: Why terms alone decided for some items, though there is an encoder; empty while they did not.

    Raises:
        SettingsError: If a category is described in sentences, and nobody has measured how near is near enough.
    """

    def __init__(self, lists: Lists, encoder: TextEncoder | None = None) -> None:
        self.trouble = ""
        self._lists = lists
        self.categories, self.words = lists.categories, lists.words
        self._encoder = encoder
        self._patterns = {c.name: (pattern_of(c.terms), pattern_of(c.exceptions)) for c in self.categories}
        self._thresholds = {} if encoder is None else dict(_thresholds(self.categories, encoder.name))

    @property
    def by_terms(self) -> Firewall:
        """The same without an encoder."""
        return Firewall(self._lists)

    @cached_property
    def version(self) -> str:
        """Hash of all that an answer on an item depends on, the item aside."""
        lists = [[c.name, sorted(c.terms), sorted(c.exceptions), c.descriptions] for c in self.categories]
        encoder = self._encoder.name if self._encoder is not None and self._thresholds else ""
        return hashlib.sha256(
            msgspec.json.encode([lists, self._lists.harmless, encoder, sorted(self._thresholds.items())])
        ).hexdigest()

    def judge(self, items: Sequence[Item]) -> list[frozenset[str]]:
        """Return the categories of each item.

        Raises:
            EncoderError: If the encoder cannot be used.
        """
        return [self.categories_of(item, row) for item, row in zip(items, self.vectors(items), strict=True)]

    def vectors(self, items: Sequence[Item]) -> Sequence[Vector | None]:
        """Return the items' embeddings, None where terms alone decide.

        Raises:
            EncoderError: If the encoder cannot be used.
        """
        if self._encoder is None or not self._thresholds or not items:
            return [None] * len(items)
        return list(self._encoder.encode([item_text(item) for item in items]))

    def categories_of(self, item: Item, vector: Vector | None = None) -> frozenset[str]:
        """Return the categories of one item.

        Args:
            item: The item.
            vector: float32 [dimensions], its embedding; None leaves it to the terms.
        """
        words = plain("\n".join(_words_of(item)))
        named = {name for name in self._patterns if self._names(name, words)}
        return frozenset(named if vector is None else named.union(self._close(vector)))

    def _names(self, category: str, words: str) -> bool:
        terms, exceptions = self._patterns[category]
        return terms.search(exceptions.sub("\n", words)) is not None

    def _close(self, vector: Vector) -> Iterator[str]:
        harmless = nearest(self._harmless, vector)
        for name, rows in self._described.items():
            near = nearest(rows, vector)
            if near >= self._thresholds[name] and near >= harmless:
                yield name

    @cached_property
    def _harmless(self) -> Embeddings | None:
        if self._encoder is None or not self._lists.harmless:
            return None
        return self._encoder.encode(self._lists.harmless)

    @cached_property
    def _described(self) -> Mapping[str, Embeddings]:
        encoder = self._encoder
        if encoder is None:
            return {}
        return {c.name: encoder.encode(c.descriptions) for c in self.categories if c.name in self._thresholds}


def nearest(rows: Embeddings | None, vector: Vector) -> float:
    """Return the cosine of the nearest of some sentences; of none, that of what is as far as can be: -1."""
    return -1.0 if rows is None else float((rows @ vector).max())


def _words_of(item: Item) -> Iterator[str]:
    yield from (item.title, item.creator, item.text, *item.aspects)
    yield from (phrase.term for phrase in item.phrases)


def _thresholds(categories: Sequence[Category], encoder: str) -> Iterator[tuple[str, float]]:
    """Yield the thresholds that were measured with an encoder; precision only rounds, so it is no other encoder."""
    model = encoder.partition(",")[0]
    known = {name for category in categories for name in category.thresholds}
    if model not in known:
        return
    for category in categories:
        if not category.descriptions:
            continue
        if model not in category.thresholds:
            raise SettingsError(
                f"The category {category.name!r} is described in sentences, but it has no threshold for the encoder "
                f"{model!r}. Measure one on titles of your own and keep it beside the lists: explainer evaluate "
                "firewall --labelled TITLES.jsonl --save; or remove its descriptions.txt."
            )
        yield category.name, category.thresholds[model]
