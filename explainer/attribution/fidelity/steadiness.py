"""How steady and how sparse attributions are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import spearmanr

_FEWEST = 3


def steadiness(order: Sequence[int], order_without: Sequence[int], dropped: int) -> float | None:
    """Return Spearman's correlation of two orders of the same behaviours, -1 to 1; None for fewer than three.

    Args:
        order: Places, the most important first, in the whole history.
        order_without: The same in the history without one behaviour.
        dropped: Its place.
    """
    rank = np.empty(len(order))
    rank[list(order)] = np.arange(len(order))
    rank_without = np.empty(len(order_without))
    rank_without[list(order_without)] = np.arange(len(order_without))
    if len(rank_without) < _FEWEST:
        return None
    return float(spearmanr(np.delete(rank, dropped), rank_without).statistic)


def gini(values: Sequence[float]) -> float:
    """Return how unequal the sizes are: 0 if all are alike, towards 1 if one has everything (Gini 1912)."""
    sizes = np.sort(np.abs(np.asarray(values, dtype=np.float64)))
    total = sizes.sum()
    if not total:
        return 0.0
    count = len(sizes)
    places = np.arange(1, count + 1)
    return float((2 * places - count - 1) @ sizes / (count * total))
