"""How much each recommender counts in the hybrid, learnt from what validation users did next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax

from retriever.evaluation import metrics
from retriever.recommenders.base import Scores
from retriever.validation import Validation

# Best of each recommender, per history: what none of them puts among these can't reach the head of the sum.
_BEST_OF_EACH = 100
_PENALTY = 1e-3


@dataclass(frozen=True)
class _Choices:
    """What a user might have chosen from, and what they did choose.

    Attributes:
        features: float64 [n_histories, n_candidates, n_recommenders], scores over their spread.
        chosen: float64 [n_histories, n_candidates], 1 / number of relevant items at those, else 0.
        possible: bool [n_histories, n_candidates], False where the row is only filled up.
    """

    features: npt.NDArray[np.float64]
    chosen: npt.NDArray[np.float64]
    possible: npt.NDArray[np.bool_]


def learn_weights(scores: Mapping[str, Scores], validation: Validation) -> dict[str, float]:
    """Return a weight of 0 or more per recommender.

    A user's next likes are taken as choices among the best items of all recommenders, with probability
    ``softmax(Σ weight · score)``: a conditional logit (McFadden 1974), convex, so the answer is the same every time.

    Args:
        scores: Per recommender float32 [n_histories, n_items], of the validation's histories.
        validation: What the users did next.
    """
    names = list(scores)
    spread = {name: float(np.std(of)) or 1.0 for name, of in scores.items()}
    choices = _choices(scores, spread, validation)
    if not choices.chosen.any():
        return dict.fromkeys(names, 1.0)
    start = np.full(len(names), 1.0)
    found = minimize(_loss, start, args=(choices,), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(names))
    return {name: float(w) / spread[name] for name, w in zip(names, found.x, strict=True)}


def _choices(scores: Mapping[str, Scores], spread: Mapping[str, float], validation: Validation) -> _Choices:
    relevant = validation.relevant
    rows = np.flatnonzero(np.diff(relevant.indptr))
    best = np.concatenate(
        [metrics.top(of[rows], validation.met[rows], _BEST_OF_EACH) for of in scores.values()], axis=1
    )
    sets = [
        np.unique(
            np.concatenate([columns[columns >= 0], relevant.indices[relevant.indptr[row] : relevant.indptr[row + 1]]])
        )
        for row, columns in zip(rows, best, strict=True)
    ]
    width = max((len(s) for s in sets), default=0)
    features = np.zeros((len(rows), width, len(scores)))
    chosen, possible = np.zeros((len(rows), width)), np.zeros((len(rows), width), dtype=bool)
    for at, (row, columns) in enumerate(zip(rows, sets, strict=True)):
        wanted = relevant.indices[relevant.indptr[row] : relevant.indptr[row + 1]]
        possible[at, : len(columns)] = True
        chosen[at, : len(columns)] = np.isin(columns, wanted) / len(wanted)
        for number, (name, of) in enumerate(scores.items()):
            features[at, : len(columns), number] = of[row, columns] / spread[name]
    return _Choices(features, chosen, possible)


def _loss(weights: npt.NDArray[np.float64], choices: _Choices) -> tuple[float, npt.NDArray[np.float64]]:
    logits = np.where(choices.possible, choices.features @ weights, -np.inf)
    logs = log_softmax(logits, axis=1)
    count = len(logits)
    picked = choices.chosen > 0
    loss = -(choices.chosen[picked] * logs[picked]).sum() / count
    surprise = np.exp(logs) - choices.chosen
    gradient = np.einsum("hc,hcf->f", surprise, choices.features) / count
    return float(loss + _PENALTY * weights @ weights), gradient + 2 * _PENALTY * weights
