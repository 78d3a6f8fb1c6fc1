"""Shapley values: a behaviour's mean gain over all orders in which a history could have come together.

Shapley, "A Value for n-Person Games" (1953). Exact where all subsets can be scored; else by sampling orders, each
followed by its reverse (Castro, Gómez and Tejada 2009; antithetic pairs: Mitchell et al., JMLR 2022), with the standard
error that the sample itself shows.
"""

from __future__ import annotations

from math import factorial

import numpy as np

from explainer.attribution.simple import Case, SimpleAttributor
from retriever.recommenders.subsets import Doubles, Subsets


class Shapley(SimpleAttributor):
    """See the module.

    Args:
        exact_up_to: Longest history whose subsets are all scored; there are 2 to the power of it.
        pairs: Sampled orders, each with its reverse, at least 2; for longer histories.
        seed: Of the sample.
    """

    method = "shapley"

    def __init__(self, exact_up_to: int = 12, pairs: int = 8, seed: int = 0) -> None:
        self._exact_up_to = exact_up_to
        self._pairs = pairs
        self._seed = seed

    def contributions(self, case: Case) -> Doubles:
        """Return float64 [n_behaviours]."""
        return self.estimate(case)[0]

    def estimate(self, case: Case) -> tuple[Doubles, float]:
        """Return the values and the largest standard error."""
        if case.subsets.n_behaviours <= self._exact_up_to:
            return _exact(case.subsets), 0.0
        rng = np.random.default_rng(self._seed)
        orders = [rng.permutation(case.subsets.n_behaviours) for _ in range(self._pairs)]
        gains = np.stack([(_gains(case.subsets, o) + _gains(case.subsets, o[::-1])) / 2 for o in orders])
        errors = gains.std(axis=0, ddof=1) / np.sqrt(self._pairs)
        return gains.mean(axis=0), float(errors.max())


def _exact(subsets: Subsets) -> Doubles:
    n = subsets.n_behaviours
    numbers = np.arange(2**n)
    keep = (numbers[:, np.newaxis] >> np.arange(n)) % 2 == 1
    scores = subsets.scores(keep)[:, 0]
    sizes = keep.sum(axis=1)
    weights = np.array([factorial(size) * factorial(n - size - 1) for size in range(n)], dtype=float) / factorial(n)
    values = np.zeros(n)
    for place in range(n):
        lacking = numbers[~keep[:, place]]
        gains = scores[lacking | (1 << place)] - scores[lacking]
        values[place] = weights[sizes[lacking]] @ gains
    return values


def _gains(subsets: Subsets, order: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Doubles:
    """Return what each behaviour adds when they come in this order, float64 [n_behaviours]."""
    n = len(order)
    arrival = np.empty(n, dtype=np.int64)
    arrival[order] = np.arange(n)
    scores = subsets.scores(arrival[np.newaxis, :] < np.arange(n + 1)[:, np.newaxis])[:, 0]
    return np.diff(scores)[arrival]
