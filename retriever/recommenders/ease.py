"""EASE, the item-item autoencoder in closed form (Steck, "Embarrassingly Shallow Autoencoders", WWW 2019)."""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack
from scipy.sparse import csr_array

from retriever.recommenders.base import Scores


def ease_matrix(liked: csr_array, regularization: float) -> Scores:
    """Return EASE's item-item weights, float32 [n_items, n_items] with a zero diagonal.

    Args:
        liked: Sparse [n_users, n_items], 1 where the user likes the item.
        regularization: λ on the diagonal of the Gram matrix; above 0, so that it can be inverted.
    """
    gram = np.asfortranarray((liked.T @ liked).toarray(), dtype=np.float64)
    gram[np.diag_indices_from(gram)] += regularization
    # Cholesky inverse: half the work of a general one, for a matrix that is symmetric and positive definite.
    factor, _ = lapack.dpotrf(gram, lower=False, overwrite_a=True)
    inverse, _ = lapack.dpotri(factor, lower=False, overwrite_c=True)
    inverse = np.triu(inverse) + np.triu(inverse, 1).T
    weights = inverse / -np.diag(inverse)[np.newaxis, :]
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights, dtype=np.float32)
