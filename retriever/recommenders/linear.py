"""Linear item-item recommenders: a history's score for an item is the sum of what its behaviours say about it.

Linearity is what makes their attribution exact and free: the contribution of one behaviour is one number in the matrix
times its weight, and the contributions add up to the score.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from retriever.data import History, ValueScale
from retriever.recommenders.base import Catalogue, Scores


class LinearRecommender:
    """Scores = weights of the history · matrix.

    Args:
        name: Short name.
        catalogue: The items.
        scale: Scale of the ratings.
        matrix: float32 [n_items, n_items], dense or sparse; row: item met, column: item scored; diagonal zero.
    """

    def __init__(self, name: str, catalogue: Catalogue, scale: ValueScale, matrix: Scores | csr_array) -> None:
        self.name = name
        self.catalogue = catalogue
        self.scale = scale
        self.matrix = matrix

    def scores(self, histories: Sequence[History]) -> Scores:
        """Return float32 [n_histories, n_items] (see :class:`~retriever.recommenders.base.Recommender`)."""
        # A sparse left factor is multiplied row by row, so a batch equals one by one to the last bit.
        product = weight_matrix(self.catalogue, histories, self.scale) @ self.matrix
        dense = product.toarray() if isinstance(product, csr_array) else product
        return np.asarray(dense, dtype=np.float32)

    def contributions(self, history: History, item: str) -> Scores:
        """Return float32 [n_behaviours] (see :class:`~retriever.recommenders.base.Recommender`)."""
        target = self.catalogue.position(item)
        columns, weights = self.catalogue.weights(history, self.scale)
        if not len(columns):
            return np.zeros(0, dtype=np.float32)
        # Unknown items stand at column -1 with weight 0: whatever is read there is multiplied away.
        said = (
            self.matrix[:, [target]].toarray()[:, 0] if isinstance(self.matrix, csr_array) else self.matrix[:, target]
        )
        return np.asarray(said[columns] * weights, dtype=np.float32)


def weight_matrix(catalogue: Catalogue, histories: Sequence[History], scale: ValueScale) -> csr_array:
    """Return the histories as sparse float32 [n_histories, n_items]; several behaviours on one item add up."""
    rows, columns, weights = [], [], []
    for row, history in enumerate(histories):
        at, weight = catalogue.weights(history, scale)
        known = at >= 0
        columns.append(at[known])
        weights.append(weight[known])
        rows.append(np.full(int(known.sum()), row, dtype=np.int64))
    shape = (len(histories), len(catalogue))
    if not histories:
        return csr_array(shape, dtype=np.float32)
    entries = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    return csr_array(entries, shape=shape, dtype=np.float32)
