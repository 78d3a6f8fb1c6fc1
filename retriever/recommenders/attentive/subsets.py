"""Parts of a history before the deep model: attention of every behaviour at every age, looked up and added."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from retriever.recommenders.attentive.sequences import age_steps
from retriever.recommenders.subsets import Doubles, Keep, Subsets, later

_PARTS_AT_ONCE = 256


@dataclass(frozen=True)
class Attended:
    """What the network makes of one history's behaviours, before some items.

    Attributes:
        n_behaviours: Length of the history.
        places: int64 [n_known], places of the behaviours on items that the recommender knows.
        table: float64 [2, n_age_steps, n_known, n_items], attention and attention · value.
        bias: float32 [n_items].
        weights: float64 [n_items, n_mixes].
    """

    n_behaviours: int
    places: npt.NDArray[np.int64]
    table: Doubles
    bias: npt.NDArray[np.float32]
    weights: Doubles

    def terms(self, ages: npt.NDArray[np.int64], seen: Keep) -> Doubles:
        """Return float64 [2, ..., n_known, n_items] at the given ages, 0 where a behaviour is not seen."""
        steps = self.steps[np.where(seen, ages, 0)]
        told: Doubles = self.table[:, steps, np.arange(len(self.places))]
        return told * seen[..., np.newaxis]

    def first(self, n_mixes: int) -> Attended:
        """Return the same before the first mixes, and the items that these are of alone."""
        weights = self.weights[:, :n_mixes]
        asked = np.flatnonzero(weights.any(axis=1))
        return replace(self, table=self.table[..., asked], bias=self.bias[asked], weights=weights[asked])

    @cached_property
    def steps(self) -> npt.NDArray[np.int64]:
        """The step of every age, int64 [n_known + 1]."""
        return age_steps(np.arange(len(self.places) + 1))


class AttendedSubsets(Subsets):
    """See the module.

    Args:
        attended: The history.
        length: Most recent behaviours that are looked at.
        smoothing: Power of the attention's denominator.

    Attributes:
        attended: The history.
        smoothing: Power of the attention's denominator.
    """

    def __init__(self, attended: Attended, length: int, smoothing: float) -> None:
        super().__init__(attended.n_behaviours, attended.weights.shape[1])
        self.attended = attended
        self._length = length
        self.smoothing = smoothing

    def scores(self, keep: Keep) -> Doubles:
        """Return float64 [n_parts, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`)."""
        found = [np.zeros((0, self.n_mixes))]
        for start in range(0, len(keep), _PARTS_AT_ONCE):
            kept = keep[start : start + _PARTS_AT_ONCE, self.attended.places]
            ages = later(kept)
            found.append(self._mixed(self.attended.terms(ages, kept & (ages < self._length)).sum(axis=-2)))
        return np.concatenate(found)

    def first(self, n_mixes: int) -> AttendedSubsets:
        """Return the same history before the items of the first mixes."""
        return AttendedSubsets(self.attended.first(n_mixes), self._length, self.smoothing)

    def falls(self, keep: Keep) -> Doubles:
        """Return float64 [n_behaviours, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`)."""
        return self.look(keep)[1]

    def look(self, keep: Keep) -> tuple[Doubles, Doubles]:
        """Return scores and falls (see :class:`~retriever.recommenders.subsets.Subsets`).

        Without a behaviour everything older is one place nearer, and one more old behaviour comes into view. So every
        behaviour has a term at its place and one a place nearer; sums over the newer and the older ones do the rest.
        """
        kept = keep[self.attended.places]
        ages = later(kept) - np.array([[0], [1]])
        terms = self.attended.terms(np.maximum(ages, 0), kept & (ages < self._length))
        here, nearer = terms[:, 0], terms[:, 1]
        total = here.sum(axis=1, keepdims=True)
        without = total + np.cumsum(nearer - here, axis=1) - nearer
        mixed = self._mixed(np.concatenate([total, without], axis=1))
        lost = np.zeros((self.n_behaviours, self.n_mixes))
        lost[self.attended.places] = mixed[0] - mixed[1:]
        lost[~keep] = 0.0
        return mixed[0], lost

    def gradients(self, presence: float) -> Doubles:
        """Return float64 [n_behaviours, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`).

        Ages stay those of the whole history: the network knows ages in steps, which have no derivative.
        """
        attention, spoken = self.terms()
        total, said = presence * attention.sum(axis=0), presence * spoken.sum(axis=0)
        some = total > 0
        safe = np.where(some, total, 1.0)
        by_attention = -self.smoothing * said / safe ** (self.smoothing + 1.0)
        slopes = np.where(some, spoken / safe**self.smoothing + attention * by_attention, 0.0)
        gradients = np.zeros((self.n_behaviours, self.n_mixes))
        gradients[self.attended.places] = slopes @ self.attended.weights
        return gradients

    def terms(self) -> Doubles:
        """Return attention and attention · value in the whole history, float64 [2, n_known, n_items]."""
        ages = later(np.ones(len(self.attended.places), dtype=bool))
        return self.attended.terms(ages, ages < self._length)

    def _mixed(self, sums: Doubles) -> Doubles:
        """Return float64 [..., n_mixes] of sums of attention and of attention · value [2, ..., n_items]."""
        attention, spoken = sums
        some = attention > 0
        average = np.where(some, spoken / np.where(some, attention, 1.0) ** self.smoothing, 0.0)
        return np.asarray((average + self.attended.bias) @ self.attended.weights)
