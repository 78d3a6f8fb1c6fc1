"""Linear item-item recommenders: a history's score for an item is the sum of what its behaviours say about it.

Linearity is what makes their attribution exact and free: what one behaviour says is one number in the matrix times its
weight.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from retriever.data import History, ValueScale
from retriever.recommenders.base import Arrays, Recommender, RecommenderConfig, Scores, Training
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.linear_subsets import LinearSubsets
from retriever.recommenders.subsets import Doubles, Mix, Subsets
from retriever.recommenders.weighting import Recency, weigh, weight_matrix
from retriever.workspace import NOWHERE, Workspace

Matrix: TypeAlias = Scores | csr_array


class LinearConfig(RecommenderConfig, frozen=True, kw_only=True):
    """What all linear recommenders can be told.

    Attributes:
        half_life: After so many later behaviours one weighs half; None means never.
    """

    half_life: float | None = None


class LinearRecommender(Recommender):
    """Scores = weights of the history · matrix.

    Args:
        config: Its settings.
        catalogue: The items.
        scale: Scale of the ratings.
        matrix: float32 [n_items, n_items], dense or sparse; row: item met, column: item scored; diagonal zero.
    """

    def __init__(self, config: LinearConfig, catalogue: Catalogue, scale: ValueScale, matrix: Matrix) -> None:
        super().__init__(config, catalogue, scale)
        # Row by row in memory: a product with the other order would copy the whole matrix every time.
        self.matrix = narrow(matrix) if isinstance(matrix, csr_array) else np.ascontiguousarray(matrix)
        self._recency = Recency(config.half_life)

    @classmethod
    def fit(cls, training: Training, config: LinearConfig, workspace: Workspace = NOWHERE) -> Self:  # noqa: ARG003
        """Return a recommender fitted on the training data."""
        return cls(config, training.catalogue, training.dataset.scale, cls.learn(training, config))

    @classmethod
    @abstractmethod
    def learn(cls, training: Training, config: Any) -> Matrix:  # noqa: ANN401  each recommender names its own config
        """Return the matrix."""

    def scores(self, histories: Sequence[History]) -> Scores:
        """Return float32 [n_histories, n_items] (see :class:`~retriever.recommenders.base.Recommender`)."""
        # A sparse left factor is multiplied row by row, so a batch equals one by one to the last bit.
        product = weight_matrix(histories, self.catalogue, self.scale, self._recency) @ self.matrix
        dense = product.toarray() if isinstance(product, csr_array) else product
        return np.asarray(dense, dtype=np.float32)

    def subsets(self, history: History, mixes: Sequence[Mix]) -> Subsets:
        """Return subsets in closed form (see :class:`~retriever.recommenders.base.Recommender`)."""
        # Unfaded weights: how far a behaviour has faded depends on what else is kept.
        weighed = weigh(history, self.catalogue, self.scale, Recency())
        terms = np.zeros((len(history), len(mixes)))
        terms[weighed.places] = self._said(weighed.columns, mixes) * weighed.weights[:, np.newaxis]
        known = np.zeros(len(history), dtype=bool)
        known[weighed.places] = True
        return LinearSubsets(terms, known, self._recency)

    def _said(self, rows: npt.NDArray[np.int64], mixes: Sequence[Mix]) -> Doubles:
        """Return float64 [n_rows, n_mixes]: what the rows say about the mixes."""
        columns = np.concatenate([np.zeros(0, dtype=np.int64), *(mix.columns for mix in mixes)])
        # One look into the matrix for all of them: a sparse one takes longer to be asked than to answer.
        if isinstance(self.matrix, csr_array):
            said = self.matrix[rows][:, columns].toarray()
        else:
            said = self.matrix[np.ix_(rows, columns)]
        said = said.astype(np.float64)
        if all(len(mix.columns) == 1 for mix in mixes):
            return np.asarray(said * np.concatenate([mix.weights for mix in mixes]))
        ends = np.cumsum([len(mix.columns) for mix in mixes])[:-1]
        parts = zip(np.split(said, ends, axis=1), mixes, strict=True)
        return np.stack([np.ascontiguousarray(part) @ mix.weights for part, mix in parts], axis=1)

    def arrays(self) -> Arrays:
        """Return the matrix."""
        return {"matrix": self.matrix}

    @classmethod
    def restore(cls, config: LinearConfig, catalogue: Catalogue, scale: ValueScale, arrays: Arrays) -> Self:
        """Return the recommender that :meth:`arrays` was taken from."""
        return cls(config, catalogue, scale, arrays["matrix"])

    def adapted(self, config: LinearConfig) -> Self | None:
        """Return this recommender under another half-life; anything else needs a fit."""
        same = msgspec.structs.replace(self.config, half_life=config.half_life) == config
        return type(self)(config, self.catalogue, self.scale, self.matrix) if same else None


def narrow(matrix: csr_array) -> csr_array:
    """Return the matrix with indices of 32 bits where they do.

    A product takes the wider indices of its two matrices: with one wide one, all of the other's are copied each time.
    """
    if max(matrix.nnz, *matrix.shape) > np.iinfo(np.int32).max:
        return matrix
    places = (matrix.data, matrix.indices.astype(np.int32, copy=False), matrix.indptr.astype(np.int32, copy=False))
    return csr_array(places, shape=matrix.shape)


def strongest(matrix: csr_array, k: int) -> csr_array:
    """Return the matrix with only the k largest entries by size of each column."""
    columns = matrix.tocsc()
    keep = np.ones(len(columns.data), dtype=bool)
    for start, end in zip(columns.indptr[:-1], columns.indptr[1:], strict=True):
        if end - start > k:
            keep[start + np.argpartition(-np.abs(columns.data[start:end]), k)[k:]] = False
    columns.data[~keep] = 0
    columns.eliminate_zeros()
    return csr_array(columns)
