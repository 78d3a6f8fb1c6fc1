"""Content neighbours: items whose texts are near each other in a sentence encoder's space vouch for each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from retriever.data import Item
from retriever.encoder import Embeddings
from retriever.index import IndexMaker, make_index
from retriever.recommenders.base import Training
from retriever.recommenders.linear import LinearConfig, LinearRecommender


class ContentConfig(LinearConfig, frozen=True, kw_only=True, tag="content"):
    """Settings of the content neighbours.

    Attributes:
        neighbours: How many nearest items each item vouches for.
    """

    neighbours: int = 50


class ContentRecommender(LinearRecommender):
    """See the module; passes the recommender contract."""

    name: ClassVar[str] = "content"

    @classmethod
    def learn(cls, training: Training, config: ContentConfig) -> csr_array:
        """Return the cosines of near items."""
        return content_matrix(training.embeddings, config.neighbours)

    def extended(
        self, items: Sequence[Item], embeddings: Embeddings, index: IndexMaker = make_index
    ) -> ContentRecommender:
        """Return the recommender with items that came after the fit.

        Args:
            items: The new items.
            embeddings: float32 [n_items, dimensions] of the old and the new ones, in that order.
            index: Makes what finds the new ones' nearest.
        """
        catalogue = self.catalogue.extended(items)
        new = np.arange(len(self.catalogue), len(catalogue))
        positions, cosines = index(embeddings).nearest(embeddings[new], self.config.neighbours + 1)
        rows, near = np.repeat(new, positions.shape[1]), positions.ravel()
        # Both ways: a new item has no say yet in whom the old ones call near, so it is asked for both.
        pairs = _cosines(np.append(rows, near), np.append(near, rows), np.tile(cosines.ravel(), 2), len(catalogue))
        old = csr_array(self.matrix)
        indptr = np.append(old.indptr, np.full(len(new), old.indptr[-1]))
        widened = csr_array((old.data, old.indices, indptr), shape=pairs.shape)
        return ContentRecommender(self.config, catalogue, self.scale, widened.maximum(pairs))


def content_matrix(embeddings: Embeddings, neighbours: int) -> csr_array:
    """Return float32 sparse [n_items, n_items]: cosine where the column is among the row's nearest items, else 0.

    Args:
        embeddings: float32 [n_items, dimensions], rows of length 1.
        neighbours: How many nearest items each item vouches for.
    """
    size = len(embeddings)
    # One more than asked for: the nearest item is usually the item itself.
    positions, cosines = make_index(embeddings).nearest(embeddings, neighbours + 1)
    return _cosines(np.repeat(np.arange(size), positions.shape[1]), positions.ravel(), cosines.ravel(), size)


def _cosines(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], cosines: Embeddings, size: int) -> csr_array:
    """Return the pairs as a matrix: each once, none with itself, none below 0."""
    pairs, first = np.unique(np.stack([rows, columns]), axis=1, return_index=True)
    values = np.clip(cosines[first], 0.0, None)
    keep = (pairs[0] != pairs[1]) & (pairs[1] >= 0)
    return csr_array((values[keep], (pairs[0][keep], pairs[1][keep])), shape=(size, size), dtype=np.float32)
