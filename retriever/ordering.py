"""The head of a long row of scores, without putting the rest in order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_BLOCK = 128
Columns = npt.NDArray[np.int64]


def leading(scores: npt.NDArray[np.float32], k: int) -> Columns:
    """Return the columns of the k highest scores, int64, highest first, ties by column.

    Args:
        scores: float32 [n]; what is -inf is no candidate.
        k: How many are wanted; fewer where there are no more candidates.
    """
    count = min(k, int(np.count_nonzero(scores > -np.inf)))
    if count <= 0:
        return np.zeros(0, dtype=np.int64)
    candidates = np.flatnonzero(scores >= _at_most_the_last(scores, count))
    return candidates[np.argsort(-scores[candidates], kind="stable")][:count]


def _at_most_the_last(scores: npt.NDArray[np.float32], count: int) -> np.float32:
    """Return a score that the ``count`` highest ones reach, and few others do."""
    whole = len(scores) // _BLOCK
    if whole > 2 * count:
        # As many blocks have a highest score that reaches it, so as many scores do.
        highest = scores[: whole * _BLOCK].reshape(whole, _BLOCK).max(axis=1)
        bound = np.partition(highest, whole - count)[whole - count]
        if bound > -np.inf:
            return np.float32(bound)
    return np.float32(np.partition(scores, len(scores) - count)[len(scores) - count])
