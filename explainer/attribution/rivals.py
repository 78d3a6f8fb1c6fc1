"""The items that a recommended one stands beside in the list."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retriever.data import History
from retriever.recommenders.base import Recommender
from retriever.retrieve import met_items


def best_others(recommender: Recommender, history: History, column: int, k: int) -> npt.NDArray[np.int64]:
    """Return the columns of the k best unmet items but the one at ``column``, best first, ties by column."""
    scores = recommender.scores([history])[0].copy()
    scores[met_items(recommender, history)] = -np.inf
    scores[column] = -np.inf
    count = min(k, int(np.count_nonzero(scores > -np.inf)))
    if not count:
        return np.zeros(0, dtype=np.int64)
    border = -np.partition(-scores, count - 1)[count - 1]
    candidates = np.flatnonzero(scores >= border)
    return candidates[np.argsort(-scores[candidates], kind="stable")][:count]
