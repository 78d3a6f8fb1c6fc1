"""Popularity: the same list for everybody. The yardstick, and what a cold start gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np

from retriever.data import History, ValueScale
from retriever.recommenders.base import Arrays, Recommender, RecommenderConfig, Scores, Training
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.subsets import ConstantSubsets, Mix, Subsets
from retriever.workspace import NOWHERE, Workspace


class PopularityConfig(RecommenderConfig, frozen=True, kw_only=True, tag="popularity"):
    """Popularity has nothing to set."""


class PopularityRecommender(Recommender):
    """Scores = an item's likes over those of the most liked one, 0 to 1; no behaviour ever moves them.

    Args:
        config: Its settings.
        catalogue: The items.
        scale: Scale of the ratings.
        likes: float32 [n_items], the scores.
    """

    name: ClassVar[str] = "popularity"

    def __init__(self, config: PopularityConfig, catalogue: Catalogue, scale: ValueScale, likes: Scores) -> None:
        super().__init__(config, catalogue, scale)
        self._likes = likes

    @classmethod
    def fit(cls, training: Training, config: PopularityConfig, workspace: Workspace = NOWHERE) -> Self:  # noqa: ARG003
        """Return a recommender fitted on the training data."""
        likes = np.asarray((training.liked > 0).sum(axis=0), dtype=np.float32).ravel()
        return cls(config, training.catalogue, training.dataset.scale, likes / max(1.0, float(likes.max(initial=0.0))))

    def scores(self, histories: Sequence[History]) -> Scores:
        """Return float32 [n_histories, n_items] (see :class:`~retriever.recommenders.base.Recommender`)."""
        return np.repeat(self._likes[np.newaxis, :], len(histories), axis=0)

    def subsets(self, history: History, mixes: Sequence[Mix]) -> Subsets:
        """Return subsets that are all the same (see :class:`~retriever.recommenders.base.Recommender`)."""
        values = [float(self._likes[mix.columns].astype(np.float64) @ mix.weights) for mix in mixes]
        return ConstantSubsets(len(history), np.array(values))

    def arrays(self) -> Arrays:
        """Return the likes."""
        return {"likes": self._likes}

    @classmethod
    def restore(cls, config: PopularityConfig, catalogue: Catalogue, scale: ValueScale, arrays: Arrays) -> Self:
        """Return the recommender that :meth:`arrays` was taken from."""
        return cls(config, catalogue, scale, np.asarray(arrays["likes"]))
