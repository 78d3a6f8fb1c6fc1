"""Validation inside the training data: the last behaviours of some users, kept back to choose settings by."""

from __future__ import annotations

import random
from dataclasses import replace

import msgspec

from retriever.data import History
from retriever.evaluation import metrics
from retriever.evaluation.questions import Questions
from retriever.recommenders.base import Scores, Training

_K = 10
LONGEST = 20


class ValidationConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is kept back.

    Attributes:
        share: Part of a validation user's history that is kept back, the last one.
        users: Share of users it is done with; the others are learnt from whole.
        max_users: Never more users than this.
        seed: Of the choice of users.
    """

    share: float = 0.2
    users: float = 0.5
    max_users: int = 2000
    seed: int = 0


class Validation(Questions):
    """Training data cut in two; ``train`` is what is left to learn from."""

    def quality(self, scores: Scores) -> float:
        """Return the mean of NDCG@10 and Recall@20 over histories with anything relevant, 0 to 1.

        Args:
            scores: float32 [n_histories, n_items].
        """
        return self.quality_of_lists(metrics.top(scores[self.asked], self.met[self.asked], LONGEST))

    def quality_of_lists(self, lists: metrics.Lists) -> float:
        """Return the same for lists, int64 [n_asked, 20], of the histories with anything relevant."""
        if not len(self.asked):
            return 0.0
        hits = metrics.hits(lists, self.relevant[self.asked])
        both = metrics.ndcg(hits, _K, self.counts) + metrics.recall(hits, LONGEST, self.counts)
        return float(both.mean() / 2)


def hold_back(training: Training, config: ValidationConfig | None = None) -> Validation:
    """Return the training data cut in two; equal data gives an equal cut."""
    config = config or ValidationConfig()
    able = [h for h in training.histories if len(h) > 1]
    random.Random(config.seed).shuffle(able)
    chosen = able[: min(config.max_users, round(config.users * len(able)))]
    histories, held_out = [], []
    for history in chosen:
        count = max(1, round(config.share * len(history)))
        histories.append(History(history.user, history.behaviours[:-count]))
        held_out.append(history.behaviours[-count:])
    gone = {b.id for held in held_out for b in held}
    kept = tuple(b for b in training.dataset.behaviours if b.id not in gone)
    train = Training(replace(training.dataset, behaviours=kept), training.embeddings)
    return Validation(train, histories, held_out)
