"""Which index for how many items."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retriever.index.approximate import ApproximateIndex
from retriever.index.contract import IndexConfig, NearestIndex
from retriever.index.exact import ExactIndex


def make_index(embeddings: npt.ArrayLike, config: IndexConfig | None = None) -> NearestIndex:
    """Return an exact index up to ``config.exact_up_to`` items, an approximate one above.

    Args:
        embeddings: float32 [n_items, dimensions], rows of length 1.
        config: Settings.

    Raises:
        IndexInputError: If there are no embeddings, or they are not finite, of length 1, or a table.
    """
    config = config or IndexConfig()
    if np.ndim(embeddings) > 0 and np.shape(embeddings)[0] > config.exact_up_to:
        return ApproximateIndex(embeddings, config)
    return ExactIndex(embeddings)
