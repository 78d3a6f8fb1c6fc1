"""For a list that no behaviour moves: by popularity alone, nothing the reader did contributes."""

from __future__ import annotations

import numpy as np

from explainer.attribution.simple import Case, SimpleAttributor
from retriever.recommenders.subsets import Doubles


class Unmoved(SimpleAttributor):
    """Says that every contribution is 0; the method's name says what the list goes by instead."""

    method = "popularity only"

    def contributions(self, case: Case) -> Doubles:
        """Return zeros, float64 [n_behaviours]."""
        return np.zeros(len(case.history))
