"""Nearest items by embedding: exact, in memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retriever.encoder import Embeddings

_ROWS_AT_ONCE = 1024


class ExactIndex:
    """Exact cosine neighbours over unit vectors.

    Args:
        embeddings: float32 [n_items, dimensions], rows of length 1.
    """

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings

    def nearest(self, queries: Embeddings, k: int) -> tuple[npt.NDArray[np.int64], Embeddings]:
        """Return positions int64 [n_queries, k] and cosines float32 [n_queries, k], best first, ties by position."""
        k = min(k, len(self._embeddings))
        positions, cosines = [], []
        for start in range(0, len(queries), _ROWS_AT_ONCE):
            similarity = queries[start : start + _ROWS_AT_ONCE] @ self._embeddings.T
            order = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
            positions.append(order)
            cosines.append(np.take_along_axis(similarity, order, axis=1))
        if not positions:
            return np.zeros((0, k), dtype=np.int64), np.zeros((0, k), dtype=np.float32)
        return np.concatenate(positions), np.concatenate(cosines)
