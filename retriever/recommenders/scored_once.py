"""A recommender that looks at each history once, for as long as one list is explained.

Ranking, its rivals, what deleting changes and the counterfactual all ask about the same few histories.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from retriever.data import Behaviour, History
from retriever.ordering import Columns
from retriever.recommenders.base import Recommender, Scores
from retriever.recommenders.subsets import Mix, Subsets

# Larger batches are a search's, which asks for none of them twice.
_FEW = 4


class ScoredOnce:
    """See the module; for one thread, and to be thrown away afterwards: it forgets nothing that came in few.

    Args:
        recommender: What scores; all else is asked of it, too.

    Attributes:
        lists: By what a user did and has met besides, how many of the best unmet items were asked for, and which
            columns these are (see :func:`retriever.retrieve.best_unmet`).
    """

    def __init__(self, recommender: Recommender) -> None:
        self._recommender = recommender
        self._known: dict[tuple[Behaviour, ...], Scores] = {}
        self._parts: dict[tuple[Behaviour, ...], tuple[tuple[Mix, ...], Subsets]] = {}
        self.lists: dict[tuple[tuple[Behaviour, ...], frozenset[str]], tuple[int, Columns]] = {}

    def scores(self, histories: Sequence[History]) -> Scores:
        """Return float32 [n_histories, n_items], the caller's own (see :class:`Recommender`: a batch is one by one)."""
        if len(histories) > _FEW:
            return self._recommender.scores(histories)
        new = {h.behaviours: h for h in histories if h.behaviours not in self._known}
        if new:
            self._known |= zip(new, self._recommender.scores(list(new.values())), strict=True)
        return np.stack([self._known[h.behaviours] for h in histories]) if histories else self._recommender.scores([])

    def subsets(self, history: History, mixes: Sequence[Mix]) -> Subsets:
        """Return subsets of the history (see :class:`Recommender`): what it was asked about first is known already."""
        about, known = self._parts.get(history.behaviours, ((), None))
        if known is None or not _begin(about, mixes):
            about, known = tuple(mixes), self._recommender.subsets(history, mixes)
            self._parts[history.behaviours] = about, known
        return known if len(about) == len(mixes) else known.first(len(mixes))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever the recommender has
        return getattr(self._recommender, name)


def _begin(about: Sequence[Mix], mixes: Sequence[Mix]) -> bool:
    """Return whether these mixes are the first of what was asked about."""
    return len(mixes) <= len(about) and all(map(Mix.is_same, about, mixes))


def scored_once(recommender: Recommender) -> Recommender:
    """Return the recommender as one that scores each history once; itself, if it is one."""
    return recommender if isinstance(recommender, ScoredOnce) else cast("Recommender", ScoredOnce(recommender))
