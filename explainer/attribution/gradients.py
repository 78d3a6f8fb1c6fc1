"""Integrated gradients: how much each behaviour lifts the score while the history fades in from nothing.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (ICML 2017), with the presence of behaviours as
the input: all of them rise from 0 to 1 together. Along that line the contributions of a smooth score add up to the
whole; Gauss and Legendre's few nodes integrate it nearly exactly, and each costs one look at the history.
"""

from __future__ import annotations

import numpy as np

from explainer.attribution.simple import Case, SimpleAttributor
from retriever.recommenders.subsets import Doubles


class IntegratedGradients(SimpleAttributor):
    """See the module.

    Args:
        nodes: Points of the line that are looked at, at least 1.
    """

    method = "integrated gradients"

    def __init__(self, nodes: int = 2) -> None:
        points, weights = np.polynomial.legendre.leggauss(nodes)
        self._nodes = [(float(1 + point) / 2, float(weight) / 2) for point, weight in zip(points, weights, strict=True)]

    def contributions(self, case: Case) -> Doubles:
        """Return float64 [n_behaviours]."""
        total = np.zeros(case.subsets.n_behaviours)
        for presence, weight in self._nodes:
            total += weight * case.subsets.gradients(presence)[:, 0]
        return total
