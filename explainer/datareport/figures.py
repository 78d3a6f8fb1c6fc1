"""The few statistics behind the report, each a pure function."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


def gini(counts: Counts) -> float:
    """Return the Gini coefficient of counts: 0 when all are equal, near 1 when one has everything.

    The mean-difference form for sorted counts, ``Σ (2i - n - 1) x_i / (n Σ x)`` (Gini 1912); 0 for no counts.
    """
    total = int(counts.sum())
    if not total:
        return 0.0
    n = len(counts)
    ranks = 2 * np.arange(1, n + 1) - n - 1
    return float(ranks @ np.sort(counts).astype(np.float64)) / (n * total)


def lorenz(counts: Counts) -> tuple[Reals, Reals]:
    """Return the Lorenz curve, largest first: share of items against the share of behaviours they hold.

    Returns:
        Two float64 arrays of n + 1 shares that begin at 0 and end at 1 (Lorenz 1905, axes turned so that "the top
        tenth holds half" can be read off).
    """
    ordered = np.sort(counts)[::-1]
    held = np.concatenate([[0], np.cumsum(ordered)]).astype(np.float64)
    return np.linspace(0, 1, len(counts) + 1), held / max(held[-1], 1.0)


def share_that_holds(counts: Counts, part: float) -> float:
    """Return the smallest share of items that together hold at least ``part`` of the behaviours; 0 without any."""
    if not counts.sum():
        return 0.0
    items, held = lorenz(counts)
    return float(items[int(np.searchsorted(held, part - 1e-12))])


def log_bins(largest: int) -> Reals:
    """Return edges of bins that double (1, 2, 3-4, 5-8, …) and reach past the largest count, for whole numbers."""
    doublings = int(np.ceil(np.log2(max(largest, 1))))
    return np.concatenate([[0.5], 2.0 ** np.arange(doublings + 1) + 0.5])


def bin_labels(edges: Reals) -> list[str]:
    """Return "1", "2", "3-4", … for the edges of :func:`log_bins`, with an en dash."""
    pairs = [(int(np.ceil(low)), int(np.floor(high))) for low, high in pairwise(edges)]
    return [f"{low:,}" if low == high else f"{low:,}–{high:,}" for low, high in pairs]
