"""The items that a recommended one stands beside in the list."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retriever.data import History
from retriever.recommenders.base import Recommender
from retriever.retrieve import best_unmet


def best_others(recommender: Recommender, history: History, column: int, k: int) -> npt.NDArray[np.int64]:
    """Return the columns of the k best unmet items but the one at ``column``, best first, ties by column."""
    best = best_unmet(recommender, history, k + 1)
    others: npt.NDArray[np.int64] = best[best != column][:k]
    return others
