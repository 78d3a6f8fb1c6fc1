"""How good the catalogue is: what items say about themselves, and which of them may be the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from explainer.writing.slots import display_title
from retriever.data import Item

_TOP_ASPECTS = 15
_TWIN_EXAMPLES = 8


@dataclass(frozen=True)
class Twin:
    """A title that several items bear; the same year too makes it a likely duplicate."""

    title: str
    year: int | None
    ids: tuple[str, ...]


@dataclass(frozen=True)
class CatalogueQuality:
    """What items say about themselves.

    Attributes:
        with_aspects: Share of items with at least one aspect.
        with_year: Share with a year.
        with_text: Share with a description.
        aspects: Number of different aspects.
        per_item: Mean number of aspects of an item that has any.
        top: (aspect, share of all items that have it), most common first.
        once: Aspects that only one item has, so that they link it to nothing.
        twins: Number of (title, year) pairs that several items bear.
        twin_items: Number of items that bear them.
        twin_examples: Some of them, largest first.
    """

    with_aspects: float
    with_year: float
    with_text: float
    aspects: int
    per_item: float
    top: tuple[tuple[str, float], ...]
    once: int
    twins: int
    twin_items: int
    twin_examples: tuple[Twin, ...]


def catalogue_quality(items: Sequence[Item]) -> CatalogueQuality:
    """Return how good a catalogue of at least one item is."""
    n = len(items)
    aspects = Counter(aspect for item in items for aspect in item.aspects)
    described = sum(bool(item.aspects) for item in items)
    twins = _twins(items)
    return CatalogueQuality(
        with_aspects=described / n,
        with_year=sum(item.year is not None for item in items) / n,
        with_text=sum(bool(item.text) for item in items) / n,
        aspects=len(aspects),
        per_item=aspects.total() / described if described else 0.0,
        top=tuple((display_title(aspect), count / n) for aspect, count in aspects.most_common(_TOP_ASPECTS)),
        once=sum(count == 1 for count in aspects.values()),
        twins=len(twins),
        twin_items=sum(len(twin.ids) for twin in twins),
        twin_examples=tuple(twins[:_TWIN_EXAMPLES]),
    )


def _twins(items: Sequence[Item]) -> list[Twin]:
    found: dict[tuple[str, int | None], list[Item]] = {}
    for item in items:
        found.setdefault((" ".join(item.title.casefold().split()), item.year), []).append(item)
    several = sorted((same for same in found.values() if len(same) > 1), key=len, reverse=True)
    return [
        Twin(display_title(same[0].title), same[0].year, tuple(display_title(item.id) for item in same))
        for same in several
    ]
