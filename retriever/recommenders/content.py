"""Content neighbours: items whose texts are near each other in a sentence encoder's space vouch for each other."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from retriever.encoder import Embeddings
from retriever.index import ExactIndex


def content_matrix(embeddings: Embeddings, neighbours: int) -> csr_array:
    """Return float32 sparse [n_items, n_items]: cosine where the column is among the row's nearest items, else 0.

    Args:
        embeddings: float32 [n_items, dimensions], rows of length 1.
        neighbours: How many nearest items each item vouches for.
    """
    size = len(embeddings)
    # One more than asked for: the nearest item is usually the item itself.
    positions, cosines = ExactIndex(embeddings).nearest(embeddings, neighbours + 1)
    rows = np.repeat(np.arange(size), positions.shape[1])
    columns, values = positions.ravel(), np.clip(cosines.ravel(), 0.0, None)
    keep = rows != columns
    return csr_array((values[keep], (rows[keep], columns[keep])), shape=(size, size), dtype=np.float32)
