"""Leave-one-out: a behaviour's contribution is what the item's score loses when only that behaviour is left out.

Since a recommender is a pure function of the history, this is exact: no retraining, no estimate.
"""

from __future__ import annotations

import numpy as np

from explainer.attribution.simple import Case, SimpleAttributor
from retriever.recommenders.subsets import Doubles

_HISTORIES_AT_ONCE = 256


class LeaveOneOut(SimpleAttributor):
    """Asks the recommender, which knows its own leave-one-out in closed form."""

    method = "leave-one-out"

    def contributions(self, case: Case) -> Doubles:
        """Return what the score loses without each behaviour, float64 [n_behaviours]."""
        subsets = case.subsets
        return subsets.falls(np.ones(subsets.n_behaviours, dtype=bool))[:, 0]


class BatchedLeaveOneOut(SimpleAttributor):
    """Ranks with every history that lacks one behaviour: brute force, and the proof of the closed forms."""

    method = "leave-one-out, batched"

    def contributions(self, case: Case) -> Doubles:
        """Return what the score loses without each behaviour, float64 [n_behaviours]."""
        recommender, history, column = case.recommender, case.history, case.column
        whole = float(recommender.scores([history])[0, column])
        lacking = [history.without({behaviour.id}) for behaviour in history.behaviours]
        starts = range(0, len(lacking), _HISTORIES_AT_ONCE)
        scores = [recommender.scores(lacking[at : at + _HISTORIES_AT_ONCE])[:, column] for at in starts]
        return whole - np.concatenate([np.zeros(0), *scores])
