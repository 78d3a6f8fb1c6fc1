"""The linear system that a history's factors solve, and how its answer changes when behaviours go one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import dger
from scipy.linalg.lapack import dpotrf, dpotri

from retriever.recommenders.near_systems import solve_near
from retriever.recommenders.subsets import Doubles, Keep, Thinning, later

# Systems solved at once: memory is this many times the history's length.
_SOLVED_AT_ONCE = 512


@lru_cache(maxsize=8)
def _lower(size: int) -> Keep:
    """Return bool [size, size]: True on the diagonal and below."""
    return np.tri(size, dtype=bool)


@dataclass(frozen=True)
class System:
    """The system of one history.

    Attributes:
        gram: float64 [factors, factors], A.
        vectors: float64 [n_behaviours, factors], the items' factors.
        weights: float64 [n_behaviours], δ with the sign of liking.
    """

    gram: Doubles
    vectors: Doubles
    weights: Doubles

    @property
    def said(self) -> Doubles:
        """The behaviours' c, float64 [n_behaviours]."""
        return np.where(self.weights > 0, 1.0 + self.weights, 0.0)

    def inverse(self) -> Doubles:
        """Return the left side's inverse, float64 [factors, factors]."""
        # It is symmetric and positive, so Cholesky's factor gives the inverse in a third of the time of a general one.
        factor, _ = dpotrf(self.left(), lower=1, overwrite_a=1)
        half, _ = dpotri(factor, lower=1, overwrite_c=1)
        return np.asarray(np.where(_lower(len(half)), half, half.T), dtype=np.float64)

    def solution(self) -> Doubles:
        """Return the factors of the history, float64 [factors]."""
        return np.asarray(np.linalg.solve(self.left(), self.said @ self.vectors))

    def left(self) -> Doubles:
        """Return the left side, float64 [factors, factors]."""
        weighed = self.vectors * np.abs(self.weights)[:, np.newaxis]
        return self.gram + weighed.T @ self.vectors

    def solutions(self, weights: Doubles, said: Doubles) -> Doubles:
        """Return the factors for many weightings of the behaviours, float64 [n_systems, factors].

        Args:
            weights: float64 [n_systems, n_behaviours], δ without sign.
            said: float64 [n_systems, n_behaviours], c.
        """
        solved: list[Doubles] = [np.zeros((0, len(self.gram)))]
        for start in range(0, len(weights), _SOLVED_AT_ONCE):
            part = slice(start, start + _SOLVED_AT_ONCE)
            solved.append(self._solved(weights[part], said[part] @ self.vectors))
        return np.concatenate(solved)

    def _solved(self, weights: Doubles, right: Doubles) -> Doubles:
        """Return the solutions of some systems, float64 [n_systems, factors]."""

        def left(rows: Doubles) -> Doubles:
            return rows @ self.gram + (rows @ self.vectors.T * weights) @ self.vectors

        midst = replace(self, weights=weights.mean(axis=0)).inverse()
        solved, done = solve_near(left, midst, right)
        for at in np.flatnonzero(~done):
            solved[at] = np.linalg.solve(replace(self, weights=weights[at]).left(), right[at])
        return solved


class Downdating(Thinning):
    """Keeps, per behaviour, what it is to itself (h), to the mixes (a) and to the solution (g), and their inverse.

    Args:
        system: The behaviours on items that the recommender knows; weight 0 for those that are gone.
        places: int64 [n_known], their places in the history.
        keep: bool [n_behaviours], what is there.
        mixed: float64 [n_mixes, factors], the mixes' factors.
    """

    def __init__(self, system: System, places: npt.NDArray[np.int64], keep: Keep, mixed: Doubles) -> None:
        super().__init__(keep, np.zeros(len(mixed)))
        self._places = places
        self._rows = np.full(len(keep), -1, dtype=np.int64)
        self._rows[places] = np.arange(len(places))
        self._mixed = mixed
        self._known: Doubles | None = None
        self._solve(system)

    def _solve(self, system: System) -> None:
        # Column by column in memory, so that BLAS changes it in place.
        self._inverse = np.asfortranarray(system.inverse())
        self._vectors, self._weights, self._said = system.vectors, np.abs(system.weights), system.said
        solution = self._inverse @ (self._said @ self._vectors)
        seen = self._vectors @ self._inverse
        self._own = np.einsum("ij,ij->i", seen, self._vectors)
        self._hold(np.vstack([self._mixed @ seen.T, self._vectors @ solution]))
        self.scores = self._mixed @ solution

    def estimates(self) -> Doubles:
        """Return float64 [n_behaviours, n_mixes] (see :class:`~retriever.recommenders.subsets.Thinning`)."""
        if self._known is None:
            owned = self._weights * self._own
            surprise = (self._weights * self._opinion - self._said * owned) / (1.0 - owned)
            self._known = (self._mixes * (self._said - surprise)).T
        if len(self._known) == len(self.keep):
            return self._known
        lost = np.zeros((len(self.keep), len(self.scores)))
        lost[self._places] = self._known
        return lost

    def drop(self, places: Sequence[int]) -> None:
        """Take behaviours away, each a change of rank one."""
        for place in places:
            self.keep[place] = False
            if self._rows[place] >= 0:
                self._downdate(self._rows[place])

    def narrow(self, n_mixes: int) -> None:
        """Keep what the first few mixes need."""
        self._mixed, self.scores = self._mixed[:n_mixes], self.scores[:n_mixes]
        self._hold(np.vstack([self._mixes[:n_mixes], self._opinion]))

    def _hold(self, told: Doubles) -> None:
        # One array of both, so that one change of rank one does for both.
        self._told = np.ascontiguousarray(told)
        self._mixes, self._opinion = self._told[:-1], self._told[-1]
        self._known = None

    def _downdate(self, row: np.int64) -> None:
        said, weight = float(self._said[row]), float(self._weights[row])
        step = self._inverse @ self._vectors[row]
        own = self._vectors @ step
        growth = weight / (1.0 - weight * float(own[row]))
        shift = growth * float(self._opinion[row]) - said * (1.0 + growth * float(own[row]))
        mixes = self._mixed @ step
        dger(growth, step, step, a=self._inverse, overwrite_a=1)
        self._own += own * (growth * own)
        dger(1.0, own, np.append(growth * mixes, shift), a=self._told.T, overwrite_a=1)
        self.scores = self.scores + shift * mixes
        self._said[row] = self._weights[row] = 0.0
        self._known = None


class Refolding(Downdating):
    """Where behaviours fade: each loss brings everything older nearer, so the system is made anew.

    What one more would cost is estimated to the first order of that growth; an exact figure takes a system for each.

    Args:
        system: The behaviours, not faded; weight 0 for those that are gone.
        places: int64 [n_known], their places in the history.
        keep: bool [n_behaviours], what is there.
        mixed: float64 [n_mixes, factors], the mixes' factors.
        fading: By what a weight is multiplied for each later behaviour.
    """

    def __init__(
        self, system: System, places: npt.NDArray[np.int64], keep: Keep, mixed: Doubles, fading: float
    ) -> None:
        self._unfaded, self._fading = system, fading
        super().__init__(self._faded(keep[places]), places, keep, mixed)

    def _faded(self, kept: Keep) -> System:
        unfaded = self._unfaded
        return System(unfaded.gram, unfaded.vectors, unfaded.weights * kept * self._fading ** later(kept))

    def estimates(self) -> Doubles:
        """Return float64 [n_behaviours, n_mixes] (see :class:`~retriever.recommenders.subsets.Thinning`)."""
        liked = self._said > 0
        grown = (1.0 / self._fading - 1.0) * self._weights * self._mixes * (liked - self._opinion)
        older = np.cumsum(grown, axis=1) - grown
        lost = super().estimates().copy()
        lost[self._places] -= np.where(self.keep[self._places], older, 0.0).T
        return lost

    def drop(self, places: Sequence[int]) -> None:
        """Take behaviours away."""
        self.keep[list(places)] = False
        self._solve(self._faded(self.keep[self._places]))
