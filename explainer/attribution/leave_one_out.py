"""Leave-one-out: a behaviour's contribution is what the item's score loses when only that behaviour is left out.

Since a recommender is a pure function of the history, this is exact: no retraining, no estimate.
"""

from __future__ import annotations

import time

from explainer.attribution.base import Attribution, by_size
from retriever.data import History
from retriever.recommenders.base import Recommender

_HISTORIES_AT_ONCE = 256


class ClosedFormLeaveOneOut:
    """Asks the recommender, which knows its own leave-one-out in closed form."""

    method = "leave-one-out, closed form"

    def attribute(self, recommender: Recommender, history: History, item: str) -> Attribution:
        """Return the attribution (see :class:`~explainer.attribution.base.Attributor`)."""
        start = time.perf_counter()
        contributions = tuple(map(float, recommender.contributions(history, item)))
        score, base = _score_and_base(recommender, history, item)
        return Attribution(
            item, self.method, contributions, by_size(contributions), score, base, time.perf_counter() - start
        )


class BatchedLeaveOneOut:
    """Scores every history that lacks one behaviour, in batches: for any recommender, and the closed form's proof."""

    method = "leave-one-out, batched"

    def attribute(self, recommender: Recommender, history: History, item: str) -> Attribution:
        """Return the attribution (see :class:`~explainer.attribution.base.Attributor`)."""
        start = time.perf_counter()
        score, base = _score_and_base(recommender, history, item)
        column = recommender.catalogue.position(item)
        lacking = [history.without({behaviour.id}) for behaviour in history.behaviours]
        contributions: list[float] = []
        for at in range(0, len(lacking), _HISTORIES_AT_ONCE):
            scores = recommender.scores(lacking[at : at + _HISTORIES_AT_ONCE])[:, column]
            contributions += [score - float(without) for without in scores]
        seconds = time.perf_counter() - start
        return Attribution(item, self.method, tuple(contributions), by_size(contributions), score, base, seconds)


def _score_and_base(recommender: Recommender, history: History, item: str) -> tuple[float, float]:
    column = recommender.catalogue.position(item)
    scores = recommender.scores([history, History(history.user)])[:, column]
    return float(scores[0]), float(scores[1])
