"""The deletion protocol of LXR, for one history and one order.

Barkan et al., "A Counterfactual Framework for Learning and Evaluating Explanations for Recommender Systems" (WWW 2024).

The history, in order of attribution, is cut into ten near-equal parts, and the recommender is asked at eleven points,
with 0 %, 10 % … 100 % taken away. The target is ranked among what the whole history has not met; ties count against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retriever.data import History
from retriever.recommenders.base import Recommender, Scores

POINTS = 11
KS = (1, 5, 20)
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """One history and the item to explain.

    Attributes:
        history: The history.
        column: The item's column.
        met: bool [n_items], what the history has met.
        base: The item's score for an empty history.
    """

    history: History
    column: int
    met: npt.NDArray[np.bool_]
    base: float


@dataclass(frozen=True, slots=True)
class Curves:
    """What happens to the target at each of the eleven points; all float64 [11].

    Attributes:
        rank: Its rank, the most important ones taken away.
        rank_least: Its rank, the least important ones taken away.
        left: What the most important ones taken away leave of what the history adds to its score, as a share.
        alone: What the most important ones alone give of it, as a share.
    """

    rank: Doubles
    rank_least: Doubles
    left: Doubles
    alone: Doubles

    def measures(self) -> dict[str, float]:
        """Return POS@K, NEG@K, CDCG, DEL and INS of this history."""
        found = {f"pos@{k}": float((self.rank <= k).mean()) for k in KS}
        found |= {f"neg@{k}": float((self.rank_least <= k).mean()) for k in KS}
        found["cdcg"] = float((1.0 / np.log2(self.rank + 1.0)).mean())
        found["del"], found["ins"] = float(self.left.mean()), float(self.alone.mean())
        return found


def curves(recommender: Recommender, case: Case, order: Sequence[int]) -> Curves:
    """Return what happens to the target when the history goes in this order.

    Args:
        recommender: What ranks.
        case: History and target.
        order: Places in the history, the most important first.
    """
    ids = [case.history.behaviours[place].id for place in order]
    cuts = np.cumsum([0, *(len(part) for part in np.array_split(np.arange(len(ids)), POINTS - 1))])
    parts = [case.history.without(set(ids[:cut])) for cut in cuts]
    parts += [case.history.without(set(ids[len(ids) - cut :])) for cut in cuts]
    parts += [case.history.without(set(ids[cut:])) for cut in cuts]
    scores = recommender.scores(parts)
    share = (scores[:, case.column].astype(np.float64) - case.base) / (float(scores[0, case.column]) - case.base)
    ranks = _ranks(scores[: 2 * POINTS], case)
    return Curves(ranks[:POINTS], ranks[POINTS:], share[:POINTS], share[2 * POINTS :])


def _ranks(scores: Scores, case: Case) -> Doubles:
    rivals = ~case.met
    rivals[case.column] = False
    own = scores[:, case.column : case.column + 1]
    return np.asarray(1.0 + np.count_nonzero(scores[:, rivals] >= own, axis=1), dtype=np.float64)
