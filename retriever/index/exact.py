"""The exact index: every search looks at every item.

A cosine here is one well-defined number: the dot product summed in float64, rounded to float32. BLAS finds candidates
in float32 (a search of 1 M x 384 reads 1.5 GB and is bound by memory); only the candidates are computed in float64.
No true neighbour can be missed: a float32 dot product of unit vectors in d dimensions is off by at most
ε = d·2⁻²⁴/(1 − d·2⁻²⁴), whatever the order of summation (Higham, "Accuracy and Stability of Numerical Algorithms",
2002, §3.1). So at least k items are truly no more than ε below the k-th best estimate, and whatever beats them has an
estimate no more than 2ε below it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retriever.encoder import Embeddings
from retriever.index.contract import Positions, checked_k, non_empty, unit_rows

_COSINES_AT_ONCE = 1 << 24
_ROWS_AT_ONCE = 4096
_ROUNDING = 2.0**-24


class ExactIndex:
    """Exact cosine neighbours over unit vectors; a batch of queries gives what the queries give one by one.

    Args:
        embeddings: float32 [n_items, dimensions], rows of length 1; kept, not copied.

    Raises:
        IndexInputError: If there are none, or they are not finite, of length 1, or a table.
    """

    recall = 1.0

    def __init__(self, embeddings: npt.ArrayLike) -> None:
        self._rows = non_empty(unit_rows(embeddings, "embeddings"))
        dimensions = self._rows.shape[1]
        # Rows may be 0.1 % too long, and the final rounding to float32 can make two cosines equal: both are slack.
        bound = 1.01 * dimensions * _ROUNDING / (1 - dimensions * _ROUNDING)
        self._slack = np.float32(2 * bound + 8 * _ROUNDING)

    def nearest(self, queries: npt.ArrayLike, k: int) -> tuple[Positions, Embeddings]:
        """Return positions int64 [n_queries, k] and cosines float32 [n_queries, k], best first, ties by position.

        Raises:
            IndexInputError: If the queries are unusable or ``k`` is below 1.
        """
        rows = unit_rows(queries, "queries", self._rows.shape[1])
        size = len(self._rows)
        k = checked_k(k, size)
        positions, cosines = np.empty((len(rows), k), np.int64), np.empty((len(rows), k), np.float32)
        at_once = max(1, _COSINES_AT_ONCE // size)
        for start in range(0, len(rows), at_once):
            estimates = rows[start : start + at_once] @ self._rows.T
            floors = np.partition(estimates, size - k, axis=1)[:, size - k] - self._slack
            for i, (estimate, floor) in enumerate(zip(estimates, floors, strict=True), start):
                candidates = np.flatnonzero(estimate >= floor)
                exact = cosines_to(self._rows, candidates, rows[i])
                order = np.argsort(-exact, kind="stable")[:k]  # candidates ascend, so ties stay in their order
                positions[i], cosines[i] = candidates[order], exact[order]
        return positions, cosines


def cosines_to(rows: Embeddings, positions: Positions, query: Embeddings) -> Embeddings:
    """Return float32 [n_positions], dot products summed in float64: the same for a pair wherever it is computed."""
    wide = query.astype(np.float64)
    parts = [
        (rows[positions[start : start + _ROWS_AT_ONCE]] * wide).sum(axis=1, dtype=np.float64)
        for start in range(0, len(positions), _ROWS_AT_ONCE)
    ]
    return np.concatenate(parts).astype(np.float32)
