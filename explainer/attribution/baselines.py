"""What an honest method must beat: chance, popularity, likeness, attention."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from explainer.attribution.simple import Case, SimpleAttributor
from retriever.recommenders.attentive import AttentiveRecommender
from retriever.recommenders.hybrid import HybridRecommender
from retriever.recommenders.subsets import Doubles


class RandomOrder(SimpleAttributor):
    """Contributions by chance; the same for the same seed, item and length of history."""

    method = "random"

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def contributions(self, case: Case) -> Doubles:
        """Return float64 [n_behaviours], 0 to 1."""
        return np.random.default_rng((self._seed, case.column, len(case.history))).random(len(case.history))


class PopularFirst(SimpleAttributor):
    """A behaviour matters by how many people like its item.

    Args:
        liked: Sparse [n_users, n_items], above 0 where a user likes an item.
    """

    method = "popularity"

    def __init__(self, liked: csr_array) -> None:
        self._likes = np.asarray((liked > 0).sum(axis=0), dtype=np.float64).ravel()

    def contributions(self, case: Case) -> Doubles:
        """Return float64 [n_behaviours], people."""
        return _per_behaviour(case, self._likes)


class CosineFirst(SimpleAttributor):
    """A behaviour matters by how alike its item and the recommended one are: the cosine of who likes them.

    Args:
        liked: Sparse [n_users, n_items], above 0 where a user likes an item.
    """

    method = "cosine"

    def __init__(self, liked: csr_array) -> None:
        likes = csr_array(liked > 0, dtype=np.float64).tocsc()
        norms = np.sqrt(np.asarray(likes.sum(axis=0)).ravel())
        self._likes = likes
        self._norms = np.where(norms > 0, norms, 1.0)

    def contributions(self, case: Case) -> Doubles:
        """Return float64 [n_behaviours], 0 to 1."""
        fans = self._likes[:, [case.column]]
        together = np.asarray((self._likes.T @ fans).toarray()).ravel()
        return _per_behaviour(case, together / (self._norms * self._norms[case.column]))


class AttentionWeights(SimpleAttributor):
    """A behaviour matters by the attention it gets: what many call an explanation (Jain and Wallace, NAACL 2019)."""

    method = "attention weights"

    @staticmethod
    def deep_part(recommender: object) -> AttentiveRecommender | None:
        """Return the deep model that a recommender is or has, if any."""
        if isinstance(recommender, HybridRecommender):
            parts = recommender.parts.values()
            return next((part for part in parts if isinstance(part, AttentiveRecommender)), None)
        return recommender if isinstance(recommender, AttentiveRecommender) else None

    def contributions(self, case: Case) -> Doubles:
        """Return float64 [n_behaviours], 0 to 1; all 0 without a deep model."""
        deep = self.deep_part(case.recommender)
        return np.zeros(len(case.history)) if deep is None else deep.attention(case.history, case.column)


def _per_behaviour(case: Case, values: Doubles) -> Doubles:
    """Return each behaviour's item's value, float64 [n_behaviours]; -1 where the recommender doesn't know the item."""
    places, columns = case.recommender.catalogue.known(case.history)
    found = np.full(len(case.history), -1.0)
    found[places] = values[columns]
    return found
