"""Retrieve and rank: candidates from both sides of the hybrid, ordered by its one score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retriever.data import History, Item
from retriever.recommenders import HybridRecommender, Scores

CANDIDATES_PER_SIDE = 100


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommended item.

    Attributes:
        item: The item.
        rank: Position in the list, from 1.
        score: The recommender's score.
    """

    item: Item
    rank: int
    score: float


def recommend(recommender: HybridRecommender, history: History, k: int) -> list[Recommendation]:
    """Return the k best items the user has not met, best first, ties by catalogue order.

    At most 200 candidates are ranked: the best of EASE and the best of the content neighbours. A cold start, where both
    are silent, has the whole catalogue as candidates.
    """
    scores = recommender.scores([history])[0]
    open_items = ~met_items(recommender, history)
    if len(history):
        sides = (recommender.ease.scores([history])[0], recommender.content.scores([history])[0])
        candidates = np.unique(np.concatenate([_best(side, open_items, CANDIDATES_PER_SIDE) for side in sides]))
    else:
        candidates = np.flatnonzero(open_items)
    order = candidates[np.argsort(-scores[candidates], kind="stable")][:k]
    items = recommender.catalogue.items
    return [Recommendation(items[at], rank, float(scores[at])) for rank, at in enumerate(order, start=1)]


def rank_of(recommender: HybridRecommender, history: History, item: str) -> tuple[int, float]:
    """Return the item's rank among everything the user has not met (from 1; ties count against it) and its score."""
    scores = recommender.scores([history])[0]
    at = recommender.catalogue.position(item)
    rivals = ~met_items(recommender, history)
    rivals[at] = False
    return 1 + int(np.count_nonzero(scores[rivals] >= scores[at])), float(scores[at])


def met_items(recommender: HybridRecommender, history: History) -> npt.NDArray[np.bool_]:
    """Return bool [n_items]: True where the user has met the item, or another entry of the same title and year."""
    catalogue = recommender.catalogue
    met = [catalogue.position(item) for item in history.items() if item in catalogue]
    return np.isin(catalogue.works, catalogue.works[met])


def _best(side: Scores, allowed: npt.NDArray[np.bool_], k: int) -> npt.NDArray[np.int64]:
    order = np.argsort(np.where(allowed, -side, np.inf), kind="stable")[:k]
    return order[allowed[order]]
