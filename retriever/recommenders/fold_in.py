"""Parts of a history before matrix factorisation: each is a small linear system of its own.

With A = YᵀY + λI, the factors of a history are ``x = (A + Σ δ y yᵀ)⁻¹ Σ c y``, where δ is a behaviour's weight and c is
1 + δ for a liked item, 0 for another. Leaving one behaviour out changes the inverse by a term of rank one (Sherman and
Morrison 1950), so its score follows from three numbers, and leaving out one after another from three vectors.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retriever.recommenders.downdating import Downdating, Refolding, System
from retriever.recommenders.subsets import Doubles, Keep, Subsets, Thinning, later
from retriever.recommenders.weighting import Recency

# Systems solved at once: memory is this many times factors².
_SOLVED_AT_ONCE = 512


class FoldInSubsets(Subsets):
    """See the module.

    Args:
        n_behaviours: Length of the history.
        system: The behaviours on items that the recommender knows, not faded.
        places: int64 [n_known], their places in the history.
        mixed: float64 [n_mixes, factors], the mixes' factors.
        recency: How behaviours fade.
    """

    def __init__(
        self, n_behaviours: int, system: System, places: npt.NDArray[np.int64], mixed: Doubles, recency: Recency
    ) -> None:
        super().__init__(n_behaviours, len(mixed))
        self._system = system
        self._places = places
        self._mixed = mixed
        self._recency = recency
        self._fading = recency.per_behaviour
        self._size = np.abs(system.weights)
        self._liked = (system.weights > 0).astype(np.float64)

    def scores(self, keep: Keep) -> Doubles:
        """Return float64 [n_parts, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`)."""
        kept = keep[:, self._places]
        weights = self._size * kept * self._fading ** later(kept)
        return np.asarray(self._system.solutions(weights, self._said(weights, kept)) @ self._mixed.T)

    def whole(self) -> Doubles:
        """Return float64 [n_mixes] for the whole history: one system, solved by itself."""
        weights = self._system.weights * self._fading ** later(np.ones(len(self._places), dtype=bool))
        return np.asarray(self._mixed @ System(self._system.gram, self._system.vectors, weights).solution())

    def base(self) -> Doubles:
        """Return zeros: nothing is known, and nothing said."""
        return np.zeros(self.n_mixes)

    def _said(self, weights: Doubles, kept: Keep | float) -> Doubles:
        # An item's being liked at all does not fade, only how surely.
        return self._liked * (weights + kept)

    def falls(self, keep: Keep) -> Doubles:
        """Return float64 [n_behaviours, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`)."""
        if self._fading == 1.0:
            return self._thinned(keep).estimates()
        kept = np.flatnonzero(keep[self._places])
        lost = np.zeros((self.n_behaviours, self.n_mixes))
        lost[self._places[kept]] = self._faded_falls(kept)
        return lost

    def _faded_falls(self, kept: npt.NDArray[np.int64]) -> Doubles:
        """Return float64 [n_kept, n_mixes]: sums over the newer and the older ones make each system.

        Without a behaviour, everything older stands one place nearer and weighs one step of fading more.
        """
        ages = np.arange(len(kept) - 1, -1, -1)
        vectors, liked = self._system.vectors[kept], self._liked[kept]
        terms = _Terms(vectors, self._size[kept] * self._fading**ages, liked)
        total, older = terms.total(), np.zeros(terms.width)
        whole = self._mixed @ self._solved(total[np.newaxis])[0]
        lost = [np.zeros((0, self.n_mixes))]
        for start in range(0, len(kept), _SOLVED_AT_ONCE):
            own = terms.of(slice(start, start + _SOLVED_AT_ONCE))
            through = older + np.cumsum(own, axis=0)
            nearer = through - own
            nearer[:, : terms.fading] /= self._fading
            lost.append(whole - self._solved(total - through + nearer) @ self._mixed.T)
            older = through[-1]
        return np.concatenate(lost)

    def _solved(self, sums: Doubles) -> Doubles:
        size = len(self._system.gram)
        left = self._system.gram + sums[:, : size * size].reshape(-1, size, size)
        right = sums[:, size * size : -size] + sums[:, -size:]
        return np.asarray(np.linalg.solve(left, right[:, :, np.newaxis])[:, :, 0])

    def gradients(self, presence: float) -> Doubles:
        """Return float64 [n_behaviours, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`)."""
        system, places = self._system, self._places
        faded = self._size * self._fading ** (presence * later(np.ones(len(places), dtype=bool)))
        weights = presence * faded
        inverse = System(system.gram, system.vectors, weights).inverse()
        solution = inverse @ (self._said(weights, presence) @ system.vectors)
        seen = system.vectors @ inverse @ self._mixed.T
        opinion = (system.vectors @ solution)[:, np.newaxis]
        by_weight = seen * (self._liked[:, np.newaxis] - opinion)
        own = faded[:, np.newaxis] * by_weight + self._liked[:, np.newaxis] * seen
        # A behaviour's presence also ages everything older.
        aged = weights[:, np.newaxis] * by_weight * np.log(self._fading)
        gradients = np.zeros((self.n_behaviours, self.n_mixes))
        gradients[places] = own + np.cumsum(aged, axis=0) - aged
        return gradients

    def first(self, n_mixes: int) -> FoldInSubsets:
        """Return the same systems before the first mixes."""
        return FoldInSubsets(self.n_behaviours, self._system, self._places, self._mixed[:n_mixes], self._recency)

    def thinning(self) -> Thinning:
        """Return a thinning by rank-one downdates, or, where behaviours fade, by folding in anew."""
        everything = np.ones(self.n_behaviours, dtype=bool)
        if self._fading == 1.0:
            return self._thinned(everything)
        return Refolding(self._system, self._places, everything, self._mixed, self._fading)

    def _thinned(self, keep: Keep) -> Downdating:
        kept = self._system.weights * keep[self._places]
        return Downdating(System(self._system.gram, self._system.vectors, kept), self._places, keep, self._mixed)


class _Terms:
    """What each behaviour adds to the two sides of the system: δ y yᵀ left, δ y and y (of liked items) right.

    Args:
        vectors: float64 [n_behaviours, factors], the items' factors.
        weights: float64 [n_behaviours], δ.
        liked: float64 [n_behaviours], 1 or 0.
    """

    def __init__(self, vectors: Doubles, weights: Doubles, liked: Doubles) -> None:
        self._vectors = vectors
        self._weights = weights[:, np.newaxis]
        self._liked = liked[:, np.newaxis]
        size = vectors.shape[1]
        self.fading = size * (size + 1)
        self.width = size * (size + 2)

    def of(self, rows: slice) -> Doubles:
        """Return float64 [n, width]; the first ``fading`` columns fade with age."""
        vectors, weights = self._vectors[rows], self._weights[rows]
        outer = vectors[:, :, np.newaxis] * vectors[:, np.newaxis, :] * weights[:, :, np.newaxis]
        right = vectors * self._liked[rows]
        return np.concatenate([outer.reshape(len(vectors), -1), right * weights, right], axis=1)

    def total(self) -> Doubles:
        """Return the sum of all terms, float64 [width]."""
        starts = range(0, len(self._vectors), _SOLVED_AT_ONCE)
        sums = [self.of(slice(start, start + _SOLVED_AT_ONCE)).sum(axis=0) for start in starts]
        return np.asarray(np.sum([np.zeros(self.width), *sums], axis=0))
