"""The contract of an attribution method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from retriever.data import History
from retriever.recommenders.base import Recommender


@dataclass(frozen=True, slots=True)
class Attribution:
    """The contributions of one history to one item's score.

    Attributes:
        item: The item.
        method: Name of the method.
        contributions: Score units, one per behaviour, in the history's order.
        order: Places in the history, the behaviour that matters most first.
        score: The item's score for the whole history.
        base: Its score for an empty history.
        seconds: Time the method took.
        error: Largest standard error of a contribution; 0 where nothing is estimated.
    """

    item: str
    method: str
    contributions: tuple[float, ...]
    order: tuple[int, ...]
    score: float
    base: float
    seconds: float
    error: float = 0.0

    @property
    def completeness_gap(self) -> float:
        """Score minus base minus all contributions; 0 where the method's parts add up to the whole."""
        return self.score - self.base - sum(self.contributions)


def by_size(contributions: Sequence[float]) -> tuple[int, ...]:
    """Return the places of the contributions, the largest first, ties by place."""
    return tuple(sorted(range(len(contributions)), key=lambda place: -contributions[place]))


class Attributor(Protocol):
    """Computes contributions; deterministic."""

    method: str

    def attribute(self, recommender: Recommender, history: History, item: str) -> Attribution:
        """Return the attribution.

        Raises:
            UnknownItemError: If the recommender does not know the item.
        """
        ...
