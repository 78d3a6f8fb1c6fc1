"""How far off predicted ratings are, for recommenders that were made to rank.

A ranking score is in no one's stars. So each recommender gets the line through validation ratings that turns the user's
mean rating and its own score into a rating: ``a + b · mean + c · score``, by least squares. Errors are in units of the
rating scale. A recommender whose score says nothing of ratings ends up at the user's mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from retriever.data import Behaviour, History
from retriever.recommenders.base import Scores
from retriever.recommenders.catalogue import Catalogue

Floats = npt.NDArray[np.float64]
Score = Callable[[Sequence[History]], Scores]
_AT_ONCE = 256
_ENOUGH = 10


def rating_errors(
    score: Score,
    catalogue: Catalogue,
    calibration: tuple[Sequence[History], Sequence[Sequence[Behaviour]]],
    test: tuple[Sequence[History], Sequence[Sequence[Behaviour]]],
) -> tuple[float, float] | None:
    """Return RMSE and MAE on held-out ratings, or None where there are not enough of them.

    Args:
        score: Gives float32 [n_histories, n_items].
        catalogue: The items.
        calibration: Validation histories and what was held out of them; the line goes through their ratings.
        test: Test histories and what was held out of them.
    """
    known, wanted = _rows(score, catalogue, *calibration)
    asked, truth = _rows(score, catalogue, *test)
    if len(wanted) < _ENOUGH or not len(truth):
        return None
    line, *_ = np.linalg.lstsq(known, wanted, rcond=None)
    errors = np.clip(asked @ line, wanted.min(), wanted.max()) - truth
    return float(np.sqrt((errors**2).mean())), float(np.abs(errors).mean())


def _rows(
    score: Score, catalogue: Catalogue, histories: Sequence[History], held_out: Sequence[Sequence[Behaviour]]
) -> tuple[Floats, Floats]:
    """Return [1, mean rating, score] float64 [n_ratings, 3], and the ratings float64 [n_ratings]."""
    features, ratings = [], []
    for start in range(0, len(histories), _AT_ONCE):
        part = histories[start : start + _AT_ONCE]
        scores = score(part)
        for row, history, held in zip(scores, part, held_out[start : start + _AT_ONCE], strict=True):
            values = [b.value for b in history.behaviours if b.value is not None]
            for behaviour in held:
                if values and behaviour.value is not None and behaviour.item in catalogue:
                    features.append((1.0, float(np.mean(values)), float(row[catalogue.position(behaviour.item)])))
                    ratings.append(behaviour.value)
    return np.array(features, dtype=np.float64).reshape(-1, 3), np.array(ratings, dtype=np.float64)
