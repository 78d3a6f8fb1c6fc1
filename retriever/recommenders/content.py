"""Content neighbours: items whose texts are near each other in a sentence encoder's space vouch for each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_array

from retriever.data import Item
from retriever.encoder import Embeddings
from retriever.index import make_index
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

    def extended(self, items: Sequence[Item], embeddings: Embeddings) -> ContentRecommender:
        """Return the recommender with items that came after the fit.

        Args:
            items: The new items.
            embeddings: float32 [n_items, dimensions] of the old and the new ones, in that order.
        """
        matrix = content_matrix(embeddings, self.config.neighbours)
        return ContentRecommender(self.config, self.catalogue.extended(items), self.scale, matrix)


def content_matrix(embeddings: Embeddings, neighbours: int) -> csr_array:
    """Return float32 sparse [n_items, n_items]: cosine where the column is among the row's nearest items, else 0.

    Args:
        embeddings: float32 [n_items, dimensions], rows of length 1.
        neighbours: How many nearest items each item vouches for.
    """
    size = len(embeddings)
    # One more than asked for: the nearest item is usually the item itself.
    positions, cosines = make_index(embeddings).nearest(embeddings, neighbours + 1)
    rows = np.repeat(np.arange(size), positions.shape[1])
    columns, values = positions.ravel(), np.clip(cosines.ravel(), 0.0, None)
    keep = (rows != columns) & (columns >= 0)
    return csr_array((values[keep], (rows[keep], columns[keep])), shape=(size, size), dtype=np.float32)
