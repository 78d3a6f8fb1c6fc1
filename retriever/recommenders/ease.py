"""EASE, the item-item autoencoder in closed form (Steck, "Embarrassingly Shallow Autoencoders", WWW 2019)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.sparse import csr_array

from retriever.recommenders.base import Scores, Training
from retriever.recommenders.linear import LinearConfig, LinearRecommender, Matrix

# Dense weights of more items than this are cut to the strongest of each item: a megabyte for every thousand items less.
_DENSE_ITEMS = 4000
_KEPT_PER_ITEM = 1000


class EaseConfig(LinearConfig, frozen=True, kw_only=True, tag="ease"):
    """Settings of EASE.

    Attributes:
        regularization: λ on the diagonal of the Gram matrix, above 0.
        max_items: Only so many items, the most liked ones, are learnt; time grows with the cube of their number, memory
            with the square. The rest gets the score 0.
    """

    regularization: float = 200.0
    max_items: int = 20_000


class EaseRecommender(LinearRecommender):
    """See the module; passes the recommender contract."""

    name: ClassVar[str] = "ease"

    @classmethod
    def learn(cls, training: Training, config: EaseConfig) -> Matrix:
        """Return EASE's item-item weights."""
        liked = training.liked
        likes = np.asarray((liked > 0).sum(axis=0)).ravel()
        chosen = np.sort(np.argsort(-likes, kind="stable")[: config.max_items])
        weights = ease_matrix(liked[:, chosen] if len(chosen) < len(likes) else liked, config.regularization)
        if len(chosen) == len(likes) <= _DENSE_ITEMS:
            return weights
        return _spread(weights, chosen, len(likes))


def ease_matrix(liked: csr_array, regularization: float) -> Scores:
    """Return EASE's item-item weights, float32 [n_items, n_items] with a zero diagonal.

    Args:
        liked: Sparse [n_users, n_items], above 0 where the user likes the item.
        regularization: λ on the diagonal of the Gram matrix; above 0, so that it can be inverted.
    """
    import torch  # noqa: PLC0415  only fitting needs it: a service that serves what was fitted starts without

    gram = torch.from_numpy(np.asarray((liked.T @ liked).toarray(), dtype=np.float32))
    gram.diagonal().add_(regularization)
    inverse = torch.linalg.inv(gram).numpy()
    inverse /= -np.diag(inverse)[np.newaxis, :]
    np.fill_diagonal(inverse, 0.0)
    return np.asarray(inverse)


def _spread(weights: Scores, chosen: np.ndarray[tuple[int], np.dtype[np.int64]], size: int) -> csr_array:
    """Return the strongest weights of each column, at the chosen places of a [size, size] matrix."""
    kept = min(_KEPT_PER_ITEM, len(weights))
    rows = np.argpartition(-np.abs(weights), kept - 1, axis=0)[:kept] if kept else np.zeros((0, 0), dtype=np.int64)
    values = np.take_along_axis(weights, rows, axis=0)
    columns = np.broadcast_to(chosen, rows.shape)
    spread = csr_array((values.ravel(), (chosen[rows].ravel(), columns.ravel())), shape=(size, size), dtype=np.float32)
    spread.eliminate_zeros()
    return spread
