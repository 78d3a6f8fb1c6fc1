"""What a recommender says of any part of one history: the ground that every attribution method stands on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Keep = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Mix:
    """A weighted sum of items' scores: one item's score, or what it leads others by.

    Attributes:
        columns: int64 [n], the items' columns.
        weights: float64 [n].
    """

    columns: npt.NDArray[np.int64]
    weights: Doubles

    @classmethod
    def one(cls, column: int) -> Self:
        """Return one item's score."""
        return cls(np.array([column], dtype=np.int64), np.ones(1))

    @classmethod
    def mean(cls, columns: npt.NDArray[np.int64]) -> Self:
        """Return the mean score of some items; 0 of none."""
        return cls(np.asarray(columns, dtype=np.int64), np.full(len(columns), 1.0 / max(1, len(columns))))

    def is_same(self, other: Mix) -> bool:
        """Return whether this is the same sum of the same items."""
        return np.array_equal(self.columns, other.columns) and np.array_equal(self.weights, other.weights)

    def before(self, end: int) -> Mix:
        """Return what is left for a recommender that knows the first ``end`` items only."""
        known = self.columns < end
        return Mix(self.columns[known], self.weights[known])


class Subsets(ABC):
    """Scores mixes for any part of one history, as if the rest had never happened.

    All of it is float64, and equal to ``Recommender.scores`` of the shortened history but for float32's rounding.

    Args:
        n_behaviours: Length of the history.
        n_mixes: How many sums are asked for.
    """

    def __init__(self, n_behaviours: int, n_mixes: int) -> None:
        self.n_behaviours = n_behaviours
        self.n_mixes = n_mixes

    @abstractmethod
    def scores(self, keep: Keep) -> Doubles:
        """Return float64 [n_parts, n_mixes].

        Args:
            keep: bool [n_parts, n_behaviours], which behaviours each part has.
        """

    @abstractmethod
    def falls(self, keep: Keep) -> Doubles:
        """Return float64 [n_behaviours, n_mixes]: what is lost without one more behaviour; 0 for those that are gone.

        Args:
            keep: bool [n_behaviours], what is still there.
        """

    @abstractmethod
    def gradients(self, presence: float) -> Doubles:
        """Return float64 [n_behaviours, n_mixes]: the derivative by each behaviour's presence.

        Presence is a number from 0, as if it had not happened, to 1. Between them a behaviour's weight is that share of
        itself, and it ages what is older by as much.

        Args:
            presence: Where the derivative is taken, the same for all behaviours; above 0.
        """

    @abstractmethod
    def first(self, n_mixes: int) -> Subsets:
        """Return the same history before the first few mixes alone: what is asked of it then costs less."""

    def look(self, keep: Keep) -> tuple[Doubles, Doubles]:
        """Return :meth:`scores` of one part, float64 [n_mixes], and :meth:`falls` of it: together they may cost less.

        Args:
            keep: bool [n_behaviours].
        """
        return self.scores(keep[np.newaxis])[0], self.falls(keep)

    def thinning(self) -> Thinning:
        """Return the whole history, ready to lose one behaviour after another."""
        return AskedThinning(self)

    def whole(self) -> Doubles:
        """Return float64 [n_mixes] for the whole history."""
        return self._all(present=True)

    def base(self) -> Doubles:
        """Return float64 [n_mixes] for the empty history."""
        return self._all(present=False)

    def _all(self, *, present: bool) -> Doubles:
        scores: Doubles = self.scores(np.full((1, self.n_behaviours), present))[0]
        return scores


class Thinning(ABC):
    """One history that loses one behaviour after another.

    Args:
        keep: bool [n_behaviours], what is there at first; copied.
        scores: float64 [n_mixes] of it.

    Attributes:
        keep: What is still there.
        scores: What the recommender says of it.
    """

    def __init__(self, keep: Keep, scores: Doubles) -> None:
        self.keep = keep.copy()
        self.scores = scores

    @abstractmethod
    def estimates(self) -> Doubles:
        """Return float64 [n_behaviours, n_mixes]: what is lost without one more; 0 for those that are gone.

        Near enough to choose by, and exact where that costs no more; ``scores`` always is.
        """

    @abstractmethod
    def drop(self, places: Sequence[int]) -> None:
        """Take behaviours away that are still there."""

    @abstractmethod
    def narrow(self, n_mixes: int) -> None:
        """Go on with the first few mixes alone, which costs less."""


class AskedThinning(Thinning):
    """Asks its subsets anew after every loss.

    Args:
        subsets: The history.
    """

    def __init__(self, subsets: Subsets) -> None:
        everything = np.ones(subsets.n_behaviours, dtype=bool)
        scores, self._falls = subsets.look(everything)
        super().__init__(everything, scores)
        self._subsets = subsets

    def estimates(self) -> Doubles:
        """Return float64 [n_behaviours, n_mixes], exact."""
        return self._falls

    def drop(self, places: Sequence[int]) -> None:
        """Take behaviours away."""
        self.keep[list(places)] = False
        self.scores, self._falls = self._subsets.look(self.keep)

    def narrow(self, n_mixes: int) -> None:
        """Ask about the first few mixes alone."""
        self._subsets = self._subsets.first(n_mixes)
        self.scores, self._falls = self.scores[:n_mixes], self._falls[:, :n_mixes]


class ConstantSubsets(Subsets):
    """Of a recommender that no behaviour moves.

    Args:
        n_behaviours: Length of the history.
        values: float64 [n_mixes].
    """

    def __init__(self, n_behaviours: int, values: Doubles) -> None:
        super().__init__(n_behaviours, len(values))
        self.values = values

    def scores(self, keep: Keep) -> Doubles:
        """Return the same for every part."""
        return np.repeat(self.values[np.newaxis], len(keep), axis=0)

    def falls(self, keep: Keep) -> Doubles:
        """Return zeros."""
        return np.zeros((len(keep), self.n_mixes))

    def gradients(self, presence: float) -> Doubles:  # noqa: ARG002  the same everywhere
        """Return zeros."""
        return np.zeros((self.n_behaviours, self.n_mixes))

    def first(self, n_mixes: int) -> ConstantSubsets:
        """Return the first values."""
        return ConstantSubsets(self.n_behaviours, self.values[:n_mixes])


class SummedSubsets(Subsets):
    """Of a weighted sum of recommenders.

    Args:
        parts: Each recommender's subsets of the same history and mixes, and its weight.
    """

    def __init__(self, n_behaviours: int, n_mixes: int, parts: Sequence[tuple[Subsets, float]]) -> None:
        super().__init__(n_behaviours, n_mixes)
        self._parts = parts

    def scores(self, keep: Keep) -> Doubles:
        """Return the weighted sum of the parts' scores."""
        return sum((w * part.scores(keep) for part, w in self._parts), np.zeros((len(keep), self.n_mixes)))

    def falls(self, keep: Keep) -> Doubles:
        """Return the weighted sum of what the parts lose."""
        return sum((w * part.falls(keep) for part, w in self._parts), np.zeros((len(keep), self.n_mixes)))

    def gradients(self, presence: float) -> Doubles:
        """Return the weighted sum of the parts' derivatives."""
        zero = np.zeros((self.n_behaviours, self.n_mixes))
        return sum((w * part.gradients(presence) for part, w in self._parts), zero)

    def base(self) -> Doubles:
        """Return the weighted sum of what the parts say of the empty history."""
        return sum((w * part.base() for part, w in self._parts), np.zeros(self.n_mixes))

    def first(self, n_mixes: int) -> SummedSubsets:
        """Return the same sum of what the parts say of the first mixes."""
        return SummedSubsets(self.n_behaviours, n_mixes, [(part.first(n_mixes), w) for part, w in self._parts])

    def thinning(self) -> Thinning:
        """Return a thinning that sums the parts' own, which may be faster than asking anew each time."""
        return _SummedThinning(self.n_behaviours, self.n_mixes, [(part.thinning(), w) for part, w in self._parts])


class _SummedThinning(Thinning):
    def __init__(self, n_behaviours: int, n_mixes: int, parts: Sequence[tuple[Thinning, float]]) -> None:
        super().__init__(np.ones(n_behaviours, dtype=bool), np.zeros(n_mixes))
        self._parts = parts
        self._sum()

    def estimates(self) -> Doubles:
        zero = np.zeros((len(self.keep), len(self.scores)))
        return sum((weight * part.estimates() for part, weight in self._parts), zero)

    def drop(self, places: Sequence[int]) -> None:
        self.keep[list(places)] = False
        for part, _ in self._parts:
            part.drop(places)
        self._sum()

    def narrow(self, n_mixes: int) -> None:
        self.scores = self.scores[:n_mixes]
        for part, _ in self._parts:
            part.narrow(n_mixes)

    def _sum(self) -> None:
        self.scores = sum((weight * part.scores for part, weight in self._parts), np.zeros(len(self.scores)))


def later(keep: Keep) -> npt.NDArray[np.int64]:
    """Return how many kept behaviours come after each one, int64, along the last axis."""
    kept = keep.astype(np.int64)
    return np.asarray(np.cumsum(kept[..., ::-1], axis=-1)[..., ::-1] - kept)
