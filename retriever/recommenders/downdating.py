"""The linear system that a history's factors solve, and how its answer changes when behaviours go one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import dger
from scipy.linalg.lapack import dpotrf, dpotri

from retriever.recommenders.subsets import Doubles, Keep, Thinning

# Systems solved at once: memory is this many times factors².
_SOLVED_AT_ONCE = 512


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
        factor, _ = dpotrf(self._left(), lower=1, overwrite_a=1)
        half, _ = dpotri(factor, lower=1, overwrite_c=1)
        inverse: Doubles = np.tril(half)
        return inverse + np.tril(inverse, -1).T

    def solution(self) -> Doubles:
        """Return the factors of the history, float64 [factors]."""
        return np.asarray(np.linalg.solve(self._left(), self.said @ self.vectors))

    def _left(self) -> Doubles:
        weighed = self.vectors * np.abs(self.weights)[:, np.newaxis]
        return self.gram + weighed.T @ self.vectors

    def solutions(self, weights: Doubles, said: Doubles) -> Doubles:
        """Return the factors for many weightings of the behaviours, float64 [n_systems, factors].

        Args:
            weights: float64 [n_systems, n_behaviours], δ without sign.
            said: float64 [n_systems, n_behaviours], c.
        """
        size = len(self.gram)
        outer = (self.vectors[:, :, np.newaxis] * self.vectors[:, np.newaxis, :]).reshape(-1, size * size)
        solved: list[Doubles] = [np.zeros((0, size))]
        for start in range(0, len(weights), _SOLVED_AT_ONCE):
            part = slice(start, start + _SOLVED_AT_ONCE)
            left = self.gram + (weights[part] @ outer).reshape(-1, size, size)
            right = said[part] @ self.vectors
            solved.append(np.asarray(np.linalg.solve(left, right[:, :, np.newaxis])[:, :, 0], dtype=np.float64))
        return np.concatenate(solved)


class Downdating(Thinning):
    """Keeps, per behaviour, what it is to itself (h), to the mixes (a) and to the solution (g), and their inverse.

    Args:
        system: The behaviours on items that the recommender knows; weight 0 for those that are gone.
        places: int64 [n_known], their places in the history.
        keep: bool [n_behaviours], what is there.
        mixed: float64 [n_mixes, factors], the mixes' factors.
    """

    def __init__(self, system: System, places: npt.NDArray[np.int64], keep: Keep, mixed: Doubles) -> None:
        # Column by column in memory, so that BLAS changes it in place.
        self._inverse = np.asfortranarray(system.inverse())
        solution = self._inverse @ (system.said @ system.vectors)
        super().__init__(keep, mixed @ solution)
        self._places = places
        self._rows = np.full(len(keep), -1, dtype=np.int64)
        self._rows[places] = np.arange(len(places))
        self._vectors, self._mixed = system.vectors, mixed
        self._weights, self._said = np.abs(system.weights), system.said
        seen = self._vectors @ self._inverse
        self._own = np.einsum("ij,ij->i", seen, self._vectors)
        self._mixes = mixed @ seen.T
        self._opinion = self._vectors @ solution
        self._known: Doubles | None = None

    def falls(self) -> Doubles:
        """Return float64 [n_behaviours, n_mixes] (see :class:`~retriever.recommenders.subsets.Thinning`)."""
        if self._known is None:
            surprise = (self._opinion - self._said * self._own) * self._weights / (1.0 - self._weights * self._own)
            self._known = (self._mixes * (self._said - surprise)).T
        if len(self._known) == len(self.keep):
            return self._known
        lost = np.zeros((len(self.keep), len(self.scores)))
        lost[self._places] = self._known
        return lost

    def drop(self, place: int) -> None:
        """Take one behaviour away: a change of rank one."""
        self.keep[place] = False
        row = self._rows[place]
        if row < 0:
            return
        said, weight = float(self._said[row]), float(self._weights[row])
        step = self._inverse @ self._vectors[row]
        own = self._vectors @ step
        growth = weight / (1.0 - weight * float(own[row]))
        shift = growth * float(self._opinion[row]) - said * (1.0 + growth * float(own[row]))
        mixes = self._mixed @ step
        dger(growth, step, step, a=self._inverse, overwrite_a=1)
        self._own += growth * own * own
        self._mixes += (growth * mixes)[:, np.newaxis] * own
        self._opinion += shift * own
        self.scores = self.scores + shift * mixes
        self._said[row] = self._weights[row] = 0.0
        self._known = None
