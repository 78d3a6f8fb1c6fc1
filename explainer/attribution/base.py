"""The contract of an attribution method."""

from __future__ import annotations

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
        score: The item's score for the whole history.
        base: Its score for an empty history.
        seconds: Time the method took.
    """

    item: str
    method: str
    contributions: tuple[float, ...]
    score: float
    base: float
    seconds: float

    @property
    def completeness_gap(self) -> float:
        """Score minus base minus all contributions; 0 where the method's parts add up to the whole."""
        return self.score - self.base - sum(self.contributions)


class Attributor(Protocol):
    """Computes contributions; deterministic."""

    method: str

    def attribute(self, recommender: Recommender, history: History, item: str) -> Attribution:
        """Return the attribution.

        Raises:
            UnknownItemError: If the recommender does not know the item.
        """
        ...
