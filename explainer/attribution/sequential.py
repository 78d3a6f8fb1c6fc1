"""Sequential deletion: take away what the item's place rests on most, look again, take away the next.

One at a time, contributions are exact for where they stand: what the score loses at that moment. So they add up to the
whole, two behaviours that say the same do not hide each other as they do in leave-one-out, and the first one's
contribution is its leave-one-out.

While the item still leads its rivals, a behaviour that holds them up as well counts for less: what keeps an item in the
list is its lead. Afterwards its score alone counts.
"""

from __future__ import annotations

import time

import numpy as np

from explainer.attribution.base import Attribution
from explainer.attribution.rivals import best_others
from retriever.data import History
from retriever.recommenders.base import Recommender
from retriever.recommenders.subsets import Doubles, Mix, Thinning

_NAMES = {(0, 0.2): "sequential deletion", (8, 0.5): "sequential deletion by halves"}


class SequentialDeletion:
    """See the module.

    Args:
        rivals: How many of the other items in the list the lead is measured against.
        lead: How much of what the rivals lose is subtracted, 0 to 1; 0 looks at the item's score alone.
        singly: So many go one by one: what matters most.
        share: After them a look takes away this share of what has gone already, at least one behaviour: the long tail
            goes together, sharing what is lost.

    Attributes:
        method: Its name, another for other steps: a record says by which it was made.
    """

    def __init__(self, rivals: int = 20, lead: float = 0.5, singly: int = 8, share: float = 0.5) -> None:
        self.method = _NAMES.get((singly, share), f"sequential deletion, {singly} singly, then by {share:g}")
        self._rivals = rivals
        self._lead = lead
        self._singly, self._share = singly, share

    def attribute(self, recommender: Recommender, history: History, item: str) -> Attribution:
        """Return the attribution (see :class:`~explainer.attribution.base.Attributor`)."""
        start = time.perf_counter()
        column = recommender.catalogue.position(item)
        rivals = best_others(recommender, history, column, self._rivals)
        subsets = recommender.subsets(history, [Mix.one(column), Mix.mean(rivals)])
        thinning, base = subsets.thinning(), float(subsets.base()[0])
        score = float(thinning.scores[0])
        contributions, order = self._walk(thinning, base)
        seconds = time.perf_counter() - start
        return Attribution(item, self.method, contributions, order, score, base, seconds)

    def _walk(self, thinning: Thinning, base: float) -> tuple[tuple[float, ...], tuple[int, ...]]:
        """Take everything away; return what the score lost each time, and in which order.

        Args:
            thinning: The whole history, before the item and its rivals.
            base: The item's score without any of it.
        """
        contributions: list[float] = [0.0] * len(thinning.keep)
        order: list[int] = []
        gone = np.zeros(len(contributions))
        score, leads = float(thinning.scores[0]), True
        while len(order) < len(contributions):
            if leads and score <= thinning.scores[1]:
                leads = False
                thinning.narrow(1)
            estimates = thinning.estimates()
            places = _largest(self._lost(estimates, leads=leads) + gone, self._count(len(order), len(contributions)))
            order += places
            left = base
            if len(order) < len(contributions):
                thinning.drop(places)
                left = float(thinning.scores[0])
            lost, score = score - left, left
            for place, part in zip(places, _spread(estimates, places, lost), strict=True):
                contributions[place], gone[place] = part, -np.inf
        return tuple(contributions), tuple(order)

    def _count(self, gone: int, of: int) -> int:
        """Return how many go next, when so many of so many have gone."""
        return 1 if gone < self._singly else min(max(1, int(self._share * gone)), of - gone)

    def _lost(self, falls: Doubles, *, leads: bool) -> Doubles:
        return falls[:, 0] - self._lead * falls[:, 1] if leads else falls[:, 0]


def _largest(values: Doubles, count: int) -> list[int]:
    if count == 1:
        return [int(values.argmax())]
    order: list[int] = np.argsort(-values, kind="stable")[:count].tolist()
    return order


def _spread(estimates: Doubles, places: list[int], lost: float) -> list[float]:
    """Return what was lost together as one part each: the estimates, and what they leave over in proportion to them."""
    if len(places) == 1:
        return [lost]
    parts = estimates[places, 0]
    sizes = np.abs(parts)
    # In proportion, so that who loses nothing by itself is given nothing of the others'.
    shares = sizes / sizes.sum() if sizes.any() else np.full(len(parts), 1.0 / len(parts))
    spread: list[float] = (parts + (lost - float(parts.sum())) * shares).tolist()
    return spread
