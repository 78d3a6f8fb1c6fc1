"""Backward elimination: spare first what the item can do without, and see what carries it in the end.

The mirror of sequential deletion (Guyon and Elisseeff, JMLR 2003): of what is left, the least important part goes. The
few that stay to the last lift the item by themselves, so this order is the best one for insertion. A behaviour's
contribution is what the score loses without it, among those that were still there when it was last looked at.
"""

from __future__ import annotations

import time

import numpy as np

from explainer.attribution.base import Attribution
from retriever.data import History
from retriever.recommenders.base import Recommender
from retriever.recommenders.subsets import Doubles, Mix, Subsets


class BackwardElimination:
    """See the module.

    Args:
        rounds: Looks at the history; each takes away an equal part of it.
    """

    method = "backward elimination"

    def __init__(self, rounds: int = 10) -> None:
        self._rounds = rounds

    def attribute(self, recommender: Recommender, history: History, item: str) -> Attribution:
        """Return the attribution (see :class:`~explainer.attribution.base.Attributor`)."""
        start = time.perf_counter()
        subsets = recommender.subsets(history, [Mix.one(recommender.catalogue.position(item))])
        contributions, order = self._eliminate(subsets)
        score, base = float(subsets.whole()[0]), float(subsets.base()[0])
        seconds = time.perf_counter() - start
        return Attribution(item, self.method, tuple(contributions.tolist()), tuple(order), score, base, seconds)

    def _eliminate(self, subsets: Subsets) -> tuple[Doubles, list[int]]:
        contributions = np.zeros(subsets.n_behaviours)
        keep = np.ones(subsets.n_behaviours, dtype=bool)
        backwards: list[int] = []
        for part in np.array_split(np.arange(subsets.n_behaviours), self._rounds):
            if not len(part):
                continue
            left = np.flatnonzero(keep)
            falls = subsets.falls(keep)[left, 0]
            contributions[left] = falls
            spared = left[np.argsort(falls, kind="stable")[: len(part)]]
            backwards += spared.tolist()
            keep[spared] = False
        return contributions, backwards[::-1]
