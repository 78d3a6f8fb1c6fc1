"""Rank: everything the user has not met, ordered by the recommender's score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retriever.data import History, Item
from retriever.recommenders.base import Recommender


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
    scores = recommender.scores([history])[0]
    candidates = np.flatnonzero(~(met_items(recommender, history) if met is None else met))
    order = candidates[np.argsort(-scores[candidates], kind="stable")][:k]
    catalogue = recommender.catalogue
    fitted = len(catalogue) - catalogue.cold
    ranked = enumerate(order, start=1)
    return [Recommendation(catalogue.items[at], rank, float(scores[at]), bool(at >= fitted)) for rank, at in ranked]


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
    rivals = ~(met_items(recommender, history) if met is None else met)
    rivals[at] = False
    return 1 + int(np.count_nonzero(scores[rivals] >= scores[at])), float(scores[at])


def met_items(recommender: Recommender, history: History) -> npt.NDArray[np.bool_]:
    """Return bool [n_items]: True where the user has met the item, or another entry of the same title and year.

    Items whose behaviours are set aside count.
    """
    catalogue = recommender.catalogue
    works = catalogue.works
    columns = [catalogue.position(item) for item in history.items() if item in catalogue]
    met = np.zeros(len(works), dtype=bool)
    met[works[columns]] = True  # works are numbered from 0, and there are no more of them than items
    return np.asarray(met[works])
