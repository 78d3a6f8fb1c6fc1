"""What all methods share whose contributions are one array, ordered by size."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass

from explainer.attribution.base import Attribution, by_size
from retriever.data import History
from retriever.recommenders.base import Recommender
from retriever.recommenders.subsets import Doubles, Mix, Subsets


@dataclass(frozen=True)
class Case:
    """One item for one history, as a method sees it.

    Attributes:
        recommender: What ranked the item.
        history: Whose.
        column: The item's column.
        subsets: The item's score for any part of the history; one mix.
    """

    recommender: Recommender
    history: History
    column: int
    subsets: Subsets


class SimpleAttributor(ABC):
    """Asks for contributions; adds order, score, base and time."""

    method: str

    def attribute(self, recommender: Recommender, history: History, item: str) -> Attribution:
        """Return the attribution (see :class:`~explainer.attribution.base.Attributor`)."""
        start = time.perf_counter()
        column = recommender.catalogue.position(item)
        case = Case(recommender, history, column, recommender.subsets(history, [Mix.one(column)]))
        found, error = self.estimate(case)
        contributions = tuple(found.tolist())
        score, base = float(case.subsets.whole()[0]), float(case.subsets.base()[0])
        seconds = time.perf_counter() - start
        return Attribution(item, self.method, contributions, by_size(contributions), score, base, seconds, error)

    def estimate(self, case: Case) -> tuple[Doubles, float]:
        """Return the contributions and their largest standard error; 0 where nothing is estimated."""
        return self.contributions(case), 0.0

    @abstractmethod
    def contributions(self, case: Case) -> Doubles:
        """Return float64 [n_behaviours]."""
