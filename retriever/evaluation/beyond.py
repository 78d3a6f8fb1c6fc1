"""What accuracy does not see: how much of the catalogue is shown, how new, how varied, how popular.

Definitions as in RecTools, which a test compares them with.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retriever.encoder import Embeddings
from retriever.evaluation.metrics import Lists, PerUser


def coverage(lists: Lists, n_items: int) -> float:
    """Return the share of the catalogue that is in somebody's list, 0 to 1."""
    return len(np.unique(lists[lists >= 0])) / n_items


def novelty(lists: Lists, fans: npt.NDArray[np.int64], n_users: int) -> PerUser:
    """Return the mean self-information of a list's items, in bits (mean inverse user frequency).

    Args:
        lists: int64 [n_users, k].
        fans: int64 [n_items], how many people met the item; one nobody met counts as met by one.
        n_users: How many people there are.
    """
    bits = -np.log2(np.maximum(fans, 1) / n_users)
    return _mean_of(bits, lists)


def popularity_bias(lists: Lists, fans: npt.NDArray[np.int64]) -> PerUser:
    """Return how many people met a list's items, on average (average recommendation popularity)."""
    return _mean_of(fans.astype(np.float64), lists)


def diversity(lists: Lists, embeddings: Embeddings) -> PerUser:
    """Return the mean distance (1 - cosine of their texts) of all pairs in a list, 0 to 2; 0 for lists of one."""
    apart = np.zeros(len(lists))
    for row, columns in enumerate(lists):
        vectors = embeddings[columns[columns >= 0]].astype(np.float64)
        count = len(vectors)
        if count > 1:
            # The squared length of the sum holds every cosine twice, and the items with themselves.
            total = vectors.sum(axis=0)
            apart[row] = 1.0 - (total @ total - (vectors**2).sum()) / (count * (count - 1))
    return apart


def _mean_of(values: npt.NDArray[np.float64], lists: Lists) -> PerUser:
    there = lists >= 0
    sums = np.where(there, values[np.maximum(lists, 0)], 0.0).sum(axis=1)
    return np.asarray(sums / np.maximum(there.sum(axis=1), 1))
