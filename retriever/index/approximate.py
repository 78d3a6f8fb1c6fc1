"""The approximate index: an inverted file over k-means cells (FAISS, IVF-Flat).

A search looks only into the cells nearest to the query. How many is not guessed: at build time searches for a sample of
the index's own items are compared with the exact answer, and the fewest cells that reach the wanted recall are kept.
All cells together are an exact search, so any recall can be reached. Johnson, Douze, Jégou, "Billion-scale similarity
search with GPUs", IEEE Transactions on Big Data 2021; Jégou, Douze, Schmid, "Product quantization for nearest neighbor
search", PAMI 2011, for the inverted file.
"""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from retriever.encoder import Embeddings
from retriever.index.contract import IndexConfig, Positions, checked_k, non_empty, unit_rows
from retriever.index.exact import ExactIndex

_LOG = logging.getLogger(__name__)
_SAMPLE = 200
_TRAINING_ROWS_PER_CELL = 64
_TRAINING_ROUNDS = 10


class ApproximateIndex:
    """Approximate cosine neighbours over unit vectors; equal embeddings and settings build equal indexes.

    The seed fixes the clustering for a given number of threads (``OMP_NUM_THREADS``): another number may round
    differently. A query's cosines may differ in the last bit between a batch and alone.

    Args:
        embeddings: float32 [n_items, dimensions], rows of length 1; copied into the cells.
        config: Settings.

    Attributes:
        recall: Measured share of the true nearest ``config.k`` found, on sampled items that the number of cells
            was not chosen on; an item's own row does not count.
        cells: Cells in all.
        searched: Cells that a search looks into.

    Raises:
        IndexInputError: If there are no embeddings, or they are not finite, of length 1, or a table.
    """

    def __init__(self, embeddings: npt.ArrayLike, config: IndexConfig | None = None) -> None:
        config = config or IndexConfig()
        rows = non_empty(unit_rows(embeddings, "embeddings"))
        self._size, self._dimensions = rows.shape
        self.cells = max(1, min(round(2 * math.sqrt(self._size)), self._size // 2))
        self._index = _build(rows, self.cells, config.seed)
        self.searched, self.recall = self._tune(rows, config)
        _LOG.info(
            "Approximate index of %d items: %d of %d cells per search, recall@%d %.3f (wanted %.3f)",
            *(self._size, self.searched, self.cells, config.k, self.recall, config.recall),
        )

    def nearest(self, queries: npt.ArrayLike, k: int) -> tuple[Positions, Embeddings]:
        """Return positions int64 [n_queries, k] and cosines float32 [n_queries, k], best first, ties by position.

        Raises:
            IndexInputError: If the queries are unusable or ``k`` is below 1.
        """
        rows = unit_rows(queries, "queries", self._dimensions)
        k = checked_k(k, self._size)
        if not len(rows):
            return np.empty((0, k), np.int64), np.empty((0, k), np.float32)
        positions, cosines = self._search(rows, k, self.searched)
        short = np.flatnonzero(positions[:, -1] < 0)  # these cells hold fewer than k items: look into all of them
        if len(short):
            positions[short], cosines[short] = self._search(rows[short], k, self.cells)
        order = np.lexsort((positions, -cosines), axis=1)
        return np.take_along_axis(positions, order, axis=1), np.take_along_axis(cosines, order, axis=1)

    def _search(self, rows: Embeddings, k: int, cells: int) -> tuple[Positions, Embeddings]:
        import faiss  # noqa: PLC0415  see _build

        settings = faiss.SearchParametersIVF()
        settings.nprobe = cells
        cosines, positions = self._index.search(rows, k, params=settings)
        return positions, cosines

    def _tune(self, rows: Embeddings, config: IndexConfig) -> tuple[int, float]:
        """Return the fewest cells that reach the wanted recall on half a sample, and the other half's recall."""
        picks = np.random.default_rng(config.seed).permutation(self._size)[:_SAMPLE]
        k = min(config.k + 1, self._size)  # one more: the item itself
        truth, _ = ExactIndex(rows).nearest(rows[picks], k)
        half = (len(picks) + 1) // 2

        def recall(part: slice, cells: int) -> float:
            found, _ = self._search(rows[picks[part]], k, cells)
            return _recall(found, truth[part], picks[part])

        low, high = 0, 1  # low is too few cells; high is enough, once the first loop ends
        while high < self.cells and recall(slice(half), high) < config.recall:
            low, high = high, min(2 * high, self.cells)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if recall(slice(half), middle) >= config.recall else (middle, high)
        return high, recall(slice(half, None) if len(picks) > 1 else slice(None), high)


def _build(rows: Embeddings, cells: int, seed: int) -> Any:  # noqa: ANN401  FAISS's own class, imported late
    """Return a trained FAISS index that holds ``rows``."""
    import faiss  # noqa: PLC0415  only catalogues above the configured size need the library

    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(rows.shape[1]), rows.shape[1], cells, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = seed + 1  # FAISS takes seeds below 1 for "none"
    index.cp.niter = _TRAINING_ROUNDS
    index.cp.spherical = True
    index.cp.min_points_per_centroid = 1
    index.cp.max_points_per_centroid = _TRAINING_ROWS_PER_CELL
    index.train(rows)
    index.add(rows)
    return index


def _recall(found: Positions, truth: Positions, own: Positions) -> float:
    """Return the share of ``truth`` that is in ``found``, [n, k] each, not counting each row's ``own`` position."""
    wanted = truth != own[:, None]
    hits = (truth[:, :, None] == found[:, None, :]).any(axis=2)
    return float((hits & wanted).sum() / max(1, wanted.sum())) if wanted.any() else 1.0
