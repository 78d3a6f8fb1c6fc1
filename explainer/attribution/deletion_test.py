"""Did the cited behaviours really hold the item up? Deleting them must cost more than deleting others.

A randomisation test (Fisher 1935): the item's score without the cited behaviours is compared with its score without
other sets of the same size, all of them where there are few, else random ones. "Because" is for what passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import msgspec
import numpy as np
import numpy.typing as npt

from retriever.data import History
from retriever.recommenders.base import Recommender
from retriever.recommenders.subsets import Mix


class DeletionVerdict(msgspec.Struct, frozen=True):
    """What deleting the cited behaviours does to the item's score.

    Attributes:
        causal: Whether they may be called the cause.
        fall: What the score loses without them, score units.
        usual_fall: What it loses without other sets of the same size, their mean; 0 where there are none.
        as_strong: Share of the other sets without which it loses as much or more, 0 to 1.
        sets: How many others were compared.
    """

    causal: bool
    fall: float
    usual_fall: float
    as_strong: float
    sets: int


@dataclass(frozen=True, slots=True)
class DeletionTest:
    """Compares the cited behaviours with others.

    Attributes:
        sets: Most other sets compared.
        level: Largest share of them that may be as strong.
        seed: Of the random ones.
    """

    sets: int = 199
    level: float = 0.05
    seed: int = 0

    def judge(self, recommender: Recommender, history: History, item: str, places: Sequence[int]) -> DeletionVerdict:
        """Return the verdict on the behaviours at these places of the history.

        Raises:
            UnknownItemError: If the recommender does not know the item.
        """
        subsets = recommender.subsets(history, [Mix.one(recommender.catalogue.position(item))])
        others = self._others(len(history), tuple(sorted(places)))
        without = np.ones((2 + len(others), len(history)), dtype=bool)
        without[1, list(places)] = False
        without[np.arange(2, 2 + len(others))[:, np.newaxis], others] = False
        scores = subsets.scores(without)[:, 0]
        falls = scores[0] - scores[1:]
        as_strong = float((falls[1:] >= falls[0]).mean()) if len(others) else 0.0
        usual = float(falls[1:].mean()) if len(others) else 0.0
        causal = bool(places) and bool(falls[0] > 0) and as_strong <= self.level
        return DeletionVerdict(causal, float(falls[0]), usual, as_strong, len(others))

    def _others(self, count: int, places: tuple[int, ...]) -> npt.NDArray[np.int64]:
        """Return other sets of the same size, int64 [n_sets, size]."""
        size = len(places)
        if comb(count, size) - 1 <= self.sets:
            found = [other for other in combinations(range(count), size) if other != places]
        else:
            rng = np.random.default_rng((self.seed, count, *places))
            # The places of the smallest of random numbers are a random set; all of them are drawn at once.
            drawn = np.sort(rng.random((self.sets, count)).argsort(axis=1)[:, :size], axis=1)
            found = [other for other in map(tuple, drawn.tolist()) if other != places]
        return np.array(found, dtype=np.int64).reshape(len(found), size)
