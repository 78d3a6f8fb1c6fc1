"""The smallest set of own behaviours without which an item leaves the list, confirmed by ranking again.

Candidates come from closed forms: the scores of the item and of those that could take its place, for parts of the
history. What they find is then ranked by the real pipeline, over the whole catalogue; only what that confirms counts.
What is left out of account was met all the same, so it is not recommended instead.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from explainer.attribution.rivals import best_others
from retriever.data import History
from retriever.recommenders.base import Recommender
from retriever.recommenders.subsets import Doubles, Keep, Mix, Subsets
from retriever.retrieve import Recommendation, met_items, rank_of, recommend

# Up to so many behaviours, every one of them may change the list.
_SHORT = 15
# Most behaviours × sets that are scored for one size.
_CELLS = 60_000
Places = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What would have kept an item out of the list.

    Attributes:
        item: The item.
        k: Length of the list.
        rank: The item's rank as it is.
        places: Places in the history of the smallest set found, oldest first; None if there is none up to ``max_size``.
        max_size: Largest size looked for.
        exhaustive: Whether every smaller set was tried; else the most promising ones of each size.
        new_rank: The item's rank without the set.
        replacement: The best item that comes into the list instead.
        seconds: Time it took.
    """

    item: str
    k: int
    rank: int
    places: Places | None
    max_size: int
    exhaustive: bool
    new_rank: int | None
    replacement: Recommendation | None
    seconds: float


@dataclass(frozen=True)
class CounterfactualSearch:
    """Looks for counterfactuals.

    Attributes:
        max_size: Largest set looked for.
        candidates: How many of the best others may come into the list,
        rivals: of which so many, those that gain most, are followed besides a list of k; and what tops the list when
            the behaviours that hold the item up most are gone one after another, or any one of a short history.
        sets: Most sets tried per size, as many as there are sets of five of fifteen; fewer of a long history. Where
            there are more, those of the behaviours that hold the item up most are tried.
        confirmations: Most sets ranked again per size.
    """

    max_size: int = 5
    candidates: int = 100
    rivals: int = 20
    sets: int = 3003
    confirmations: int = 5

    def find(self, recommender: Recommender, history: History, item: str, k: int) -> Counterfactual:
        """Return the counterfactual of an item in the user's list of k.

        Raises:
            UnknownItemError: If the recommender does not know the item.
        """
        start = time.perf_counter()
        met = met_items(recommender, history)
        rank, _ = rank_of(recommender, history, item, met)
        listed = rank if rank <= k else _place_in_list(recommender, history, item, k)
        case = _Case.of(self, recommender, history, item, k, met)
        rank, case.tied = listed or rank, rank > k
        found = case.smallest() if rank <= k and len(history) else None
        new_rank, replacement = (None, None) if found is None else case.confirmed(found)
        return Counterfactual(
            item, k, rank, found, self.max_size, case.exhaustive, new_rank, replacement, time.perf_counter() - start
        )


@dataclass
class _Case:
    search: CounterfactualSearch
    recommender: Recommender
    history: History
    item: str
    k: int
    subsets: Subsets
    useful: npt.NDArray[np.int64]
    exhaustive: bool = True
    tied: bool = False

    @classmethod
    def of(
        cls, search: CounterfactualSearch, recommender: Recommender, history: History, item: str, k: int, met: Keep
    ) -> _Case:
        column = recommender.catalogue.position(item)
        others = best_others(recommender, history, column, k + search.candidates)
        subsets = recommender.subsets(history, [Mix.one(column), *map(Mix.one, others.tolist())])
        falls, whole = subsets.falls(np.ones(len(history), dtype=bool)), subsets.whole()
        lost, leads = falls[:, :1] - falls[:, 1:], whole[0] - whole[1:]
        near = _nearest(lost, leads, search.max_size, k + search.rivals)
        useful = _most_useful(lost[:, near], k)
        risers = _risers(recommender, history, met, _likely_parts(history, useful, search.max_size), k)
        followed = np.setdiff1d(np.union1d(others[near], risers), [column])
        mixes = [Mix.one(column), *map(Mix.one, followed.tolist())]
        return cls(search, recommender, history, item, k, recommender.subsets(history, mixes), useful)

    def smallest(self) -> Places | None:
        """Return the smallest set that the real ranking confirms."""
        for size in range(1, min(self.search.max_size, len(self.history)) + 1):
            found = self._of_size(size)
            if found is not None:
                return found
        return None

    def _of_size(self, size: int) -> Places | None:
        sets = np.array(list(self._sets(size)), dtype=np.int64)
        keep = np.ones((len(sets), len(self.history)), dtype=bool)
        keep[np.arange(len(sets))[:, np.newaxis], sets] = False
        lead = self._lead(self.subsets.scores(keep))
        promising = np.argsort(lead, kind="stable")[: self.search.confirmations]
        for at in promising:
            places = tuple(sorted(sets[at].tolist()))
            if lead[at] <= 0 and self._is_out_without(places):
                return places
        return None

    def _sets(self, size: int) -> Iterator[Places]:
        """Yield the sets of a size, of all behaviours if they are not too many, else of the most useful ones."""
        count = len(self.useful)
        # Every set of a long history takes longer to score.
        most = min(self.search.sets, _CELLS // max(1, len(self.history)))
        while count > size and comb(count, size) > most:
            count -= 1
        if size > 1 or count == len(self.useful):
            self.exhaustive = self.exhaustive and count == len(self.useful)
        return combinations(self.useful[: max(count, size)].tolist(), size)

    def _lead(self, scores: Doubles) -> Doubles:
        """Return by how much the item leads the k-th best of the others; at 0 or below it has left the list."""
        if scores.shape[1] <= self.k:
            return np.full(len(scores), np.inf)
        others = np.partition(-scores[:, 1:], self.k - 1, axis=1)[:, self.k - 1]
        return np.asarray(scores[:, 0] + others)

    def _is_out_without(self, places: Places) -> bool:
        if self.tied:  # by its rank it was never in: it is out when the list has it no more
            return _place_in_list(self.recommender, self._shortened(places), self.item, self.k) is None
        return self.confirmed(places)[0] > self.k

    def _shortened(self, places: Places) -> History:
        return self.history.set_aside({self.history.behaviours[place].id for place in places})

    def confirmed(self, places: Places) -> tuple[int, Recommendation | None]:
        """Return the item's real rank without the set, and the best newcomer to the list."""
        shortened = self._shortened(places)
        rank, _ = rank_of(self.recommender, shortened, self.item)
        before = {r.item.id for r in recommend(self.recommender, self.history, self.k)}
        after = recommend(self.recommender, shortened, self.k)
        return rank, next((r for r in after if r.item.id not in before), None)


def _place_in_list(recommender: Recommender, history: History, item: str, k: int) -> int | None:
    """Return the item's place in the list of k; None if it is not in it.

    By their rank, of items that score the same each stands behind the others; the list has them in the catalogue's
    order. So one may be in the list that by its rank is not.
    """
    return next((listed.rank for listed in recommend(recommender, history, k) if listed.item.id == item), None)


def _nearest(lost: Doubles, leads: Doubles, size: int, count: int) -> npt.NDArray[np.int64]:
    """Return the others that come nearest to overtaking the item when the best set of a size goes, nearest first.

    Args:
        lost: float64 [n_behaviours, n_others], what the item loses of its lead over each without one behaviour.
        leads: float64 [n_others].
        size: Behaviours in a set.
        count: How many others are returned.
    """
    most = -np.sort(-np.clip(lost, 0.0, None), axis=0)[:size].sum(axis=0)
    return np.argsort(leads - most, kind="stable")[:count]


def _likely_parts(history: History, useful: npt.NDArray[np.int64], size: int) -> list[History]:
    """Return the history without its most useful behaviours, one after another, and a short one without any one."""
    ids = [history.behaviours[place].id for place in useful.tolist()]
    gone = [set(ids[:count]) for count in range(1, size + 1)]
    if len(ids) <= _SHORT:
        gone += [{one} for one in ids]
    return [history.without(some) for some in gone]


def _risers(
    recommender: Recommender, history: History, met: Keep, parts: Sequence[History], k: int
) -> npt.NDArray[np.int64]:
    """Return the columns of the best k + 1 items for each part of the history, which the whole has not met."""
    scores = recommender.scores(parts) if len(history) else np.zeros((0, len(met)), dtype=np.float32)
    scores[:, met] = -np.inf
    count = min(k + 1, scores.shape[1])
    return np.unique(np.argpartition(-scores, count - 1, axis=1)[:, :count])


def _most_useful(lost: Doubles, k: int) -> npt.NDArray[np.int64]:
    """Return places, first the behaviours whose loss costs the item most of its lead over those about to overtake it.

    Args:
        lost: float64 [n_behaviours, n_others], nearest others first.
        k: Length of the list; so many have to overtake the item.
    """
    return np.argsort(-lost[:, :k].sum(axis=1), kind="stable")
