"""Behaviours that are one cause: parts of one series, one work twice, near copies. They count together.

Three films of one series raise an item for one reason, so a text should cite one of them, and not lose them to a single
stronger behaviour either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from explainer.attribution import Attribution
from retriever.data import Behaviour, History
from retriever.store import FittedModel

Pair = tuple[Behaviour, float]
"""A behaviour and its contribution."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Behaviours that count as one, the strongest first."""

    pairs: tuple[Pair, ...]

    @property
    def contribution(self) -> float:
        """The sum of their contributions, in score units."""
        return sum(contribution for _, contribution in self.pairs)

    def led_by(self, pair: Pair) -> Cause:
        """Return the cause with one of its behaviours in front."""
        return Cause((pair, *(other for other in self.pairs if other is not pair)))


def ranked(history: History, attribution: Attribution) -> list[Pair]:
    """Return behaviours in the attribution's order; equal contributions by recency, then id, never by chance."""
    pairs = [(history.behaviours[at], attribution.contributions[at]) for at in attribution.order]
    return [
        pair
        for _, tied in groupby(pairs, key=lambda pair: pair[1])
        for pair in sorted(tied, key=lambda pair: (pair[0].time is None, -(pair[0].time or 0), pair[0].id))
    ]


class CauseFinder:
    """Finds what counts as one cause.

    Args:
        model: The fitted model, for works and embeddings.
        series: Item id → name of its series.
        copy_cosine: Items of equal aspects whose texts are at least so near are copies.
    """

    def __init__(self, model: FittedModel, series: Mapping[str, str], copy_cosine: float) -> None:
        self._catalogue, self._embeddings = model.recommender.catalogue, model.embeddings
        self._series, self._copy_cosine = series, copy_cosine
        self._aspects = [frozenset(item.terms()) for item in self._catalogue.items]

    def causes(self, pairs: Sequence[Pair]) -> list[Cause]:
        """Return the causes, strongest first.

        Args:
            pairs: Behaviours on items of the catalogue, strongest first. Their order stands but where behaviours
                count together, and then go before whatever is weaker than their sum.
        """
        found: list[Cause] = []
        for members in self._alike(pairs):
            cause = Cause(tuple(members))
            place = len(found)
            if len(members) > 1:
                weaker = (n for n, other in enumerate(found) if other.contribution < cause.contribution)
                place = next(weaker, place)
            found.insert(place, cause)
        return found

    def _alike(self, pairs: Sequence[Pair]) -> Iterator[list[Pair]]:
        groups: list[list[Pair]] = []
        by_name: dict[tuple[str, str | int], list[Pair]] = {}
        by_aspects: dict[frozenset[str], list[tuple[int, list[Pair]]]] = {}
        for pair in pairs:
            position = self._catalogue.position(pair[0].item)
            names = self._names(pair[0].item, position)
            alike = by_aspects.setdefault(self._aspects[position], [])
            group = next((by_name[name] for name in names if name in by_name), None) or self._copied(position, alike)
            if group is None:
                group = []
                groups.append(group)
                alike.append((position, group))
            for name in names:
                by_name.setdefault(name, group)
            group.append(pair)
        yield from groups

    def _names(self, item: str, position: int) -> list[tuple[str, str | int]]:
        series = self._series.get(item)
        work: tuple[str, str | int] = ("work", int(self._catalogue.works[position]))
        return [work] if series is None else [work, ("series", series)]

    def _copied(self, position: int, alike: Sequence[tuple[int, list[Pair]]]) -> list[Pair] | None:
        if not alike:
            return None
        cosines = self._embeddings[[other for other, _ in alike]] @ self._embeddings[position]
        best = int(cosines.argmax())
        return alike[best][1] if cosines[best] >= self._copy_cosine else None
