"""One test for everybody: the same histories, the same held-out likes, the same measures."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from retriever.data import History
from retriever.data.splits import Split
from retriever.evaluation import beyond, metrics
from retriever.evaluation.bootstrap import interval
from retriever.evaluation.questions import Questions
from retriever.recommenders.base import Recommender, Training

KS = (10, 20)
_AT_ONCE = 128
Ranker = Callable[[Sequence[History], csr_array, int], metrics.Lists]
"""Takes histories, what they have met (sparse bool [n, n_items]) and k; gives their lists."""


class Exam(Questions):
    """What is asked of every recommender, and how it is judged; ``train`` is what it may learn from."""

    @classmethod
    def of(cls, training: Training, split: Split, max_users: int, seed: int = 0) -> Exam:
        """Return the exam on a split's held-out behaviours, with at most so many people, drawn by the seed."""
        users = sorted(split.held_out)
        if len(users) > max_users:
            users = sorted(random.Random(seed).sample(users, max_users))
        known = split.train.histories
        return cls(training, [known[user] for user in users], [split.held_out[user] for user in users])

    @cached_property
    def fans(self) -> npt.NDArray[np.int64]:
        """How many people met each item in training, int64 [n_items]."""
        everybody = metrics.item_sets([h.behaviours for h in self.train.histories], self.train.catalogue)
        return np.asarray(everybody.sum(axis=0), dtype=np.int64).ravel()

    def judge(self, rank: Ranker, on_progress: Callable[[int, int], None]) -> dict[str, float]:
        """Return every measure of a ranker's lists, and the milliseconds it took per history."""
        histories = self.asked_histories()
        met, lists = self.met[self.asked], []
        start = time.perf_counter()
        for at in range(0, len(histories), _AT_ONCE):
            part = slice(at, at + _AT_ONCE)
            lists.append(rank(histories[part], met[part], max(KS)))
            on_progress(min(at + _AT_ONCE, len(histories)), len(histories))
        milliseconds = 1000 * (time.perf_counter() - start) / max(1, len(histories))
        together = np.concatenate(lists) if lists else np.zeros((0, max(KS)), dtype=np.int64)
        return {**self._measures(together), "ms_per_history": milliseconds}

    def _measures(self, lists: metrics.Lists) -> dict[str, float]:
        hits = metrics.hits(lists, self.relevant[self.asked])
        found: dict[str, float] = {}
        for k in KS:
            head = lists[:, :k]
            per_user = {
                "precision": metrics.precision(hits, k),
                "recall": metrics.recall(hits, k, self.counts),
                "hit_rate": metrics.hit_rate(hits, k),
                "ndcg": metrics.ndcg(hits, k, self.counts),
                "mrr": metrics.reciprocal_rank(hits, k),
                "map": metrics.average_precision(hits, k, self.counts),
                "novelty": beyond.novelty(head, self.fans, len(self.train.histories)),
                "diversity": beyond.diversity(head, self.train.embeddings),
                "popularity_bias": beyond.popularity_bias(head, self.fans),
            }
            for name, values in per_user.items():
                found[f"{name}@{k}"] = float(values.mean())
            found[f"coverage@{k}"] = beyond.coverage(head, len(self.train.catalogue))
            for name in ("ndcg", "recall"):
                found[f"{name}@{k}_low"], found[f"{name}@{k}_high"] = interval(per_user[name])
        return found


def ranker_of(recommender: Recommender) -> Ranker:
    """Return a recommender as a ranker of whole catalogues."""
    return lambda histories, met, k: metrics.top(recommender.scores(histories), met, k)
