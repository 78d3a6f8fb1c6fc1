"""What held-out behaviours ask of a recommender: for each history, which items that it has not met are liked next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from retriever.data import Behaviour, History, Polarity
from retriever.evaluation import metrics
from retriever.recommenders.base import Training


@dataclass(frozen=True)
class Questions:
    """Histories, and what came after them.

    Attributes:
        train: What may be learnt from.
        histories: Whose recommendations are judged.
        held_out: What these people did next, per history.
    """

    train: Training
    histories: Sequence[History]
    held_out: Sequence[Sequence[Behaviour]]

    @cached_property
    def met(self) -> csr_array:
        """Items in each history, which are not recommended again; sparse bool [n_histories, n_items]."""
        return metrics.item_sets([h.behaviours for h in self.histories], self.train.catalogue)

    @cached_property
    def relevant(self) -> csr_array:
        """Items that were liked afterwards for the first time; sparse bool [n_histories, n_items]."""
        scale = self.train.dataset.scale
        liked = [[b for b in held if scale.polarity(b) is Polarity.POSITIVE] for held in self.held_out]
        return metrics.new_items(metrics.item_sets(liked, self.train.catalogue), self.met)

    @cached_property
    def asked(self) -> npt.NDArray[np.int64]:
        """The histories that have anything relevant, int64; the others can't be judged."""
        return np.flatnonzero(np.diff(self.relevant.indptr))

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many items are relevant to each asked history, int64 [n_asked]."""
        return np.asarray(np.diff(self.relevant.indptr)[self.asked], dtype=np.int64)

    def asked_histories(self) -> list[History]:
        """Return the histories that can be judged."""
        return [self.histories[int(at)] for at in self.asked]
