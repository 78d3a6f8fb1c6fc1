"""Ranking metrics over many users at once; a test proves them equal to RecTools'.

Lists are int64 [n_users, k], item columns best first, -1 where there is nothing more to recommend. Hits are bool
[n_users, k]. Everything per user comes back as float64 [n_users], so that it can be bootstrapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from retriever.data import Behaviour
from retriever.recommenders.catalogue import Catalogue

Lists = npt.NDArray[np.int64]
Hits = npt.NDArray[np.bool_]
PerUser = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def item_sets(behaviours: Sequence[Iterable[Behaviour]], catalogue: Catalogue) -> csr_array:
    """Return sparse bool [n_users, n_items], True at the items of each user's behaviours."""
    columns = [sorted({catalogue.position(b.item) for b in of if b.item in catalogue}) for of in behaviours]
    rows = np.repeat(np.arange(len(columns)), [len(c) for c in columns])
    flat = np.array([c for of in columns for c in of], dtype=np.int64)
    shape = (len(columns), len(catalogue))
    return csr_array((np.ones(len(flat), dtype=bool), (rows, flat)), shape=shape)


def new_items(items: csr_array, met: csr_array) -> csr_array:
    """Return ``items`` without those in ``met``."""
    kept = csr_array(items.astype(np.int8) - items.multiply(met).astype(np.int8))
    kept.eliminate_zeros()
    return csr_array(kept.astype(bool))


def top(scores: npt.NDArray[np.float32], met: csr_array, k: int) -> Lists:
    """Return each user's k best items that are not in ``met``, ties by column.

    Args:
        scores: float32 [n_users, n_items]; not changed.
        met: Sparse bool [n_users, n_items].
        k: Length of the lists.
    """
    masked = np.array(scores, dtype=np.float32)
    rows = np.repeat(np.arange(len(masked)), np.diff(met.indptr))
    masked[rows, met.indices] = -np.inf
    width = min(k, masked.shape[1])
    lists = np.full((len(masked), k), -1, dtype=np.int64)
    if not width or not len(masked):
        return lists
    # The k-th best score decides who is in; among equals the partition would choose at random, so all are sorted.
    border = -np.partition(-masked, width - 1, axis=1)[:, width - 1 : width]
    for row, candidates in enumerate(masked >= border):
        columns = np.flatnonzero(candidates & np.isfinite(masked[row]))
        best = columns[np.argsort(-masked[row, columns], kind="stable")][:width]
        lists[row, : len(best)] = best
    return lists


def hits(lists: Lists, relevant: csr_array) -> Hits:
    """Return bool [n_users, k]: whether the item at that place is relevant."""
    found = np.zeros(lists.shape, dtype=bool)
    for row, columns in enumerate(lists):
        found[row] = np.isin(columns, relevant.indices[relevant.indptr[row] : relevant.indptr[row + 1]])
    return found


def precision(found: Hits, k: int) -> PerUser:
    """Return the share of the first k places that are hits."""
    return np.asarray(found[:, :k].sum(axis=1) / k)


def recall(found: Hits, k: int, relevant: Counts) -> PerUser:
    """Return the share of relevant items among the first k."""
    return np.asarray(found[:, :k].sum(axis=1) / relevant)


def hit_rate(found: Hits, k: int) -> PerUser:
    """Return 1 where any of the first k is a hit, else 0."""
    return np.asarray(found[:, :k].any(axis=1), dtype=np.float64)


def ndcg(found: Hits, k: int, relevant: Counts) -> PerUser:
    """Return the discounted gain of the first k over the best achievable one (Järvelin and Kekäläinen 2002)."""
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discounts)[np.minimum(relevant, k) - 1]
    return np.asarray((found[:, :k] * discounts).sum(axis=1) / ideal)


def reciprocal_rank(found: Hits, k: int) -> PerUser:
    """Return 1 over the place of the first hit among the first k, 0 without one."""
    first = np.argmax(found[:, :k], axis=1)
    return np.where(found[:, :k].any(axis=1), 1.0 / (first + 1), 0.0)


def average_precision(found: Hits, k: int, relevant: Counts) -> PerUser:
    """Return the precision at each hit among the first k, added up and divided by the number of relevant items."""
    head = found[:, :k]
    at = np.cumsum(head, axis=1) / np.arange(1, k + 1)
    return np.asarray((at * head).sum(axis=1) / relevant)
