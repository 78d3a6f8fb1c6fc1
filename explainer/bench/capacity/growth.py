"""How many distinct prompts there are among n explanations.

Heaps' law, ``D(n) = K · n ** β``: facts repeat more and more, but never stop being new. It is fitted on counts of pairs
and prompts, and what it misses of the last, which it was fitted without, is its stated error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explainer.bench.errors import BenchError

_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Growth:
    """Heaps' law as fitted.

    Attributes:
        factor: K.
        exponent: β, at most 1.
        error: What the law, fitted without the last count, misses of it, as a share; None where two counts are all.
    """

    factor: float
    exponent: float
    error: float | None

    def prompts(self, pairs: float, exponent: float | None = None, pivot: float = 1.0) -> float:
        """Return distinct prompts among so many pairs; with another exponent, from the count at ``pivot`` on."""
        if exponent is None:
            return float(min(pairs, self.factor * pairs**self.exponent))
        return float(min(pairs, self.factor * pivot**self.exponent * (pairs / pivot) ** exponent))


def growth_of(points: Sequence[tuple[int, int]]) -> Growth:
    """Fit Heaps' law.

    Raises:
        BenchError: If there are fewer than two counts, or they do not grow.
    """
    if len(points) < _FEWEST or any(n <= 0 or d <= 0 or d > n for n, d in points):
        raise BenchError(
            "Growth takes two counts of (pairs, distinct prompts) or more, none with more prompts than pairs."
        )
    factor, exponent = _fitted(points)
    error = None
    if len(points) > _FEWEST:
        k, beta = _fitted(points[:-1])
        error = abs(k * points[-1][0] ** beta / points[-1][1] - 1.0)
    return Growth(factor, exponent, error)


def _fitted(points: Sequence[tuple[int, int]]) -> tuple[float, float]:
    counted = np.array(points, dtype=np.float64)
    pairs, prompts = np.log(counted).T
    if np.ptp(pairs) == 0:
        raise BenchError("All counts of prompts are of equally many pairs: nothing can be said of their growth.")
    # A count errs by about its root, so its logarithm by less the larger it is.
    exponent, constant = np.polyfit(pairs, prompts, 1, w=np.sqrt(counted[:, 1]))
    return float(np.exp(constant)), min(1.0, float(exponent))
