"""How much each part of the recommender moves its lists: measured, since weights alone say nothing of scores' sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

import numpy as np

from explainer.pipeline import Explainer
from explainer.storage.behaviours import some_users
from explainer.storage.catalogue import load_history
from retriever.data import History
from retriever.recommenders.hybrid import HybridRecommender

SAMPLE = 30
"""Histories that are looked at: a few more change shares by a percent."""


class Importance:
    """Shares of the parts of the recommender in use; measured once per version."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[str, tuple[Mapping[str, float], int]] = {}

    def of(self, explainer: Explainer) -> tuple[Mapping[str, float], int]:
        """Return the share of each part by its name, all together 1, and on how many people it was measured.

        No part has a share where there is nobody to measure on.
        """
        version = explainer.model.version
        with self._lock:
            if version not in self._known:
                histories = _sample(explainer)
                found = shares(explainer.model.fitted.recommender, histories)
                if not histories:
                    return found, 0  # asked again when there is somebody
                self._known[version] = found, len(histories)
            return self._known[version]


def shares(recommender: object, histories: Sequence[History]) -> Mapping[str, float]:
    """Return how much of the spread of items' scores comes from each part, as shares of their sum.

    The spread is the standard deviation over items of weight · score, averaged over histories: what a part gives to
    all items alike moves no list, however much it is.

    Args:
        recommender: Only the hybrid has parts.
        histories: Whose lists.
    """
    if not isinstance(recommender, HybridRecommender) or not histories:
        return {}
    spread = {
        name: recommender.config.weights[name] * float(np.std(part.scores(histories), axis=1, dtype=np.float64).mean())
        for name, part in recommender.parts.items()
    }
    total = sum(spread.values())
    return {name: value / total for name, value in spread.items()} if total > 0 else {}


def _sample(explainer: Explainer) -> list[History]:
    with explainer.database.session() as session:
        return [load_history(session, user) for user in some_users(session, SAMPLE)]
