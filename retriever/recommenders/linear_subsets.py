"""Parts of a history before a linear recommender: sums of terms that fade with age."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from retriever.recommenders.subsets import ConstantSubsets, Doubles, Keep, Subsets, later
from retriever.recommenders.weighting import Recency

Weighted = tuple[Subsets, float]


class LinearSubsets(Subsets):
    """A base, and sums of ``terms``, each faded once for every later behaviour that is kept.

    Args:
        terms: float64 [n_behaviours, n_mixes], what each behaviour says when it is the newest.
        known: bool [n_behaviours], whether it is on an item that the recommender knows; others age nothing.
        recency: How terms fade.
        base: float64 [n_mixes], what is said of the empty history; 0 unless given.
    """

    def __init__(self, terms: Doubles, known: Keep, recency: Recency, base: Doubles | None = None) -> None:
        super().__init__(*terms.shape)
        self._terms = terms
        self._known = known
        self._recency = recency
        self._fading = recency.per_behaviour
        self._powers = self._fading ** np.arange(len(terms) + 1)
        self._base = np.zeros(self.n_mixes) if base is None else base

    def scores(self, keep: Keep) -> Doubles:
        """Return float64 [n_parts, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`)."""
        kept = keep & self._known
        weights = kept if self._fading == 1.0 else kept * self._powers[later(kept)]
        return np.asarray(weights @ self._terms + self._base)

    def falls(self, keep: Keep) -> Doubles:
        """Return float64 [n_behaviours, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`)."""
        return self.look(keep)[1]

    def look(self, keep: Keep) -> tuple[Doubles, Doubles]:
        """Return scores and falls (see :class:`~retriever.recommenders.subsets.Subsets`).

        Without a term everything older moves one place nearer to the present and grows by one step of fading.
        """
        kept = keep & self._known
        if self._fading == 1.0:
            terms = self._terms * kept[:, np.newaxis]
            return terms.sum(axis=0) + self._base, terms
        terms = self._terms * (kept * self._powers[later(kept)])[:, np.newaxis]
        sums = np.cumsum(terms, axis=0)
        falls = terms - (1.0 / self._fading - 1.0) * (sums - terms)
        falls[~kept] = 0.0
        return (sums[-1] if len(sums) else np.zeros(self.n_mixes)) + self._base, falls

    def gradients(self, presence: float) -> Doubles:
        """Return float64 [n_behaviours, n_mixes] (see :class:`~retriever.recommenders.subsets.Subsets`)."""
        known = self._known[:, np.newaxis]
        faded = self._terms * known * self._fading ** (presence * later(self._known))[:, np.newaxis]
        older = np.cumsum(faded, axis=0) - faded
        return np.asarray(np.where(known, faded + math.log(self._fading) * presence * older, 0.0))

    def first(self, n_mixes: int) -> LinearSubsets:
        """Return the terms of the first mixes."""
        return LinearSubsets(self._terms[:, :n_mixes], self._known, self._recency, self._base[:n_mixes])

    def fades_like(self, other: LinearSubsets) -> bool:
        """Return whether one sum can hold the terms of both."""
        return self._recency == other._recency and bool(np.array_equal(self._known, other._known))

    @classmethod
    def summed(cls, parts: Sequence[tuple[LinearSubsets, float]], constant: Doubles) -> LinearSubsets:
        """Return the weighted sum of parts that fade alike, and a constant."""
        terms = sum((weight * part._terms for part, weight in parts), np.zeros_like(parts[0][0]._terms))  # noqa: SLF001
        base = sum((weight * part._base for part, weight in parts), constant)  # noqa: SLF001
        return cls(terms, parts[0][0]._known, parts[0][0]._recency, base)  # noqa: SLF001


def fused(parts: Sequence[Weighted]) -> list[Weighted]:
    """Return a weighted sum of as few parts as say the same: what is linear adds up before it is asked anything.

    Args:
        parts: Subsets of the same history and mixes, and their weights.
    """
    constants = [(part, weight) for part, weight in parts if isinstance(part, ConstantSubsets)]
    alike: list[list[tuple[LinearSubsets, float]]] = []
    others: list[Weighted] = []
    for part, weight in parts:
        if isinstance(part, LinearSubsets):
            group = next((group for group in alike if group[0][0].fades_like(part)), None)
            if group is None:
                alike.append([(part, weight)])
            else:
                group.append((part, weight))
        elif not isinstance(part, ConstantSubsets):
            others.append((part, weight))
    if not alike:
        return [*others, *constants]
    zero = np.zeros(alike[0][0][0].n_mixes)
    constant = sum((weight * part.values for part, weight in constants), zero)
    sums = [LinearSubsets.summed(group, zero if number else constant) for number, group in enumerate(alike)]
    return [*((one, 1.0) for one in sums), *others]
