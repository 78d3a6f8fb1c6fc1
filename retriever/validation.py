"""Validation inside the training data: the last behaviours of some users, kept back to choose settings by."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from retriever.data import Behaviour, History, Polarity
from retriever.evaluation import metrics
from retriever.recommenders.base import Scores, Training

_K = 10
_LONG_K = 20


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


@dataclass(frozen=True)
class Validation:
    """Training data cut in two.

    Attributes:
        train: What to learn from.
        histories: The validation users' histories, without what is kept back.
        held_out: What is kept back, per history.
    """

    train: Training
    histories: Sequence[History]
    held_out: Sequence[tuple[Behaviour, ...]]

    @cached_property
    def met(self) -> csr_array:
        """Sparse bool [n_histories, n_items]: items in the history, which are not recommended again."""
        return metrics.item_sets([h.behaviours for h in self.histories], self.train.catalogue)

    @cached_property
    def relevant(self) -> csr_array:
        """Sparse bool [n_histories, n_items]: items that were liked afterwards for the first time."""
        scale = self.train.dataset.scale
        liked = [[b for b in held if scale.polarity(b) is Polarity.POSITIVE] for held in self.held_out]
        return metrics.new_items(metrics.item_sets(liked, self.train.catalogue), self.met)

    @cached_property
    def asked(self) -> npt.NDArray[np.bool_]:
        """Whether anything is relevant, bool [n_histories]."""
        return np.asarray(np.diff(self.relevant.indptr) > 0)

    def quality(self, scores: Scores) -> float:
        """Return the mean of NDCG@10 and Recall@20 over histories with anything relevant, 0 to 1.

        Args:
            scores: float32 [n_histories, n_items].
        """
        asked = self.asked
        if not asked.any():
            return 0.0
        hits = metrics.hits(metrics.top(scores, self.met, _LONG_K), self.relevant)[asked]
        counts = np.diff(self.relevant.indptr)[asked]
        both = metrics.ndcg(hits, _K, counts) + metrics.recall(hits, _LONG_K, counts)
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
