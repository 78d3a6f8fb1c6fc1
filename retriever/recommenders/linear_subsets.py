"""Parts of a history before a linear recommender: sums of terms that fade with age."""

from __future__ import annotations

import math

import numpy as np

from retriever.recommenders.subsets import Doubles, Keep, Subsets, later
from retriever.recommenders.weighting import Recency


class LinearSubsets(Subsets):
    """Sums of ``terms``, each faded once for every later behaviour that is kept.

    Args:
        terms: float64 [n_behaviours, n_mixes], what each behaviour says when it is the newest.
        known: bool [n_behaviours], whether it is on an item that the recommender knows; others age nothing.
        recency: How terms fade.
    """

    def __init__(self, terms: Doubles, known: Keep, recency: Recency) -> None:
        super().__init__(*terms.shape)
        self._terms = terms
        self._known = known
        self._fading = recency.per_behaviour

    def scores(self, keep: Keep) -> Doubles:
        """Return float64 [n_parts, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`)."""
        kept = keep & self._known
        if self._fading == 1.0:
            return kept @ self._terms
        return np.asarray((kept * self._fading ** later(kept)) @ self._terms)

    def falls(self, keep: Keep) -> Doubles:
        """Return float64 [n_behaviours, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`).

        Without a term everything older moves one place nearer to the present and grows by one step of fading.
        """
        kept = (keep & self._known)[:, np.newaxis]
        if self._fading == 1.0:
            return self._terms * kept
        terms = self._terms * kept * self._fading ** later(kept[:, 0])[:, np.newaxis]
        older = np.cumsum(terms, axis=0) - terms
        return np.asarray(np.where(kept, terms - (1.0 / self._fading - 1.0) * older, 0.0))

    def gradients(self, presence: float) -> Doubles:
        """Return float64 [n_behaviours, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`)."""
        known = self._known[:, np.newaxis]
        faded = self._terms * known * self._fading ** (presence * later(self._known))[:, np.newaxis]
        older = np.cumsum(faded, axis=0) - faded
        return np.asarray(np.where(known, faded + math.log(self._fading) * presence * older, 0.0))
