"""Rank: everything the user has not met, ordered by the recommender's score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retriever.data import History, Item
from retriever.ordering import Columns, leading
from retriever.recommenders.base import Recommender
from retriever.recommenders.scored_once import ScoredOnce

# Whoever wants the best item asks for those beside it next.
_AT_LEAST = 32


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommended item.

    Attributes:
        item: The item.
        rank: Position in the list, from 1.
        score: The recommender's score.
        cold: Whether the item came after the fit, so that only its content speaks for it.
    """

    item: Item
    rank: int
    score: float
    cold: bool = False


def recommend(
    recommender: Recommender, history: History, k: int, met: npt.NDArray[np.bool_] | None = None
) -> list[Recommendation]:
    """Return the k best items the user has not met, best first, ties by catalogue order.

    The whole catalogue is ranked, so a place in the list is the rank that :func:`rank_of` gives (but for ties).

    Args:
        recommender: What scores the items.
        history: Whose list.
        k: Length of the list.
        met: bool [n_items], what :func:`met_items` says of the history, where that is known already.
    """
    order = best_unmet(recommender, history, k, met)
    scores = recommender.scores([history])[0]
    catalogue = recommender.catalogue
    fitted = len(catalogue) - catalogue.cold
    ranked = enumerate(order.tolist(), start=1)
    return [Recommendation(catalogue.items[at], rank, float(scores[at]), at >= fitted) for rank, at in ranked]


def best_unmet(recommender: Recommender, history: History, k: int, met: npt.NDArray[np.bool_] | None = None) -> Columns:
    """Return the columns of the k best items the user has not met, int64, best first, ties by column.

    Args:
        recommender: What scores the items; one that scores each history once is asked once for this, too.
        history: Whose list.
        k: How many.
        met: As for :func:`recommend`.
    """
    if not isinstance(recommender, ScoredOnce):
        return _best(recommender, history, k, met)
    key = history.behaviours, history.also_met
    asked, known = recommender.lists.get(key, (0, None))
    if known is None or asked < k:
        asked = max(k, _AT_LEAST)
        known = _best(recommender, history, asked, met)
        recommender.lists[key] = asked, known
    return known[:k]


def _best(recommender: Recommender, history: History, k: int, met: npt.NDArray[np.bool_] | None) -> Columns:
    scores = recommender.scores([history])[0]
    scores[met_items(recommender, history) if met is None else met] = -np.inf
    return leading(scores, k)


def rank_of(
    recommender: Recommender, history: History, item: str, met: npt.NDArray[np.bool_] | None = None
) -> tuple[int, float]:
    """Return the item's rank among everything the user has not met (from 1; ties count against it) and its score.

    Args:
        recommender: What scores the items.
        history: Whose list.
        item: The item.
        met: As for :func:`recommend`.
    """
    scores = recommender.scores([history])[0]
    at = recommender.catalogue.position(item)
    ahead = (scores >= scores[at]) & ~(met_items(recommender, history) if met is None else met)
    ahead[at] = False
    return 1 + int(np.count_nonzero(ahead)), float(scores[at])


def met_items(recommender: Recommender, history: History) -> npt.NDArray[np.bool_]:
    """Return bool [n_items]: True where the user has met the item, or another entry of the same title and year.

    Items whose behaviours are set aside count.
    """
    catalogue = recommender.catalogue
    met = np.zeros(len(catalogue), dtype=bool)
    for item in history.items():
        if item in catalogue:
            met[catalogue.same_work(catalogue.position(item))] = True
    return met
