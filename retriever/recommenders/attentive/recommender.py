"""The trained network as a recommender: tables and a few products, without torch, one history like another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy.special import erf

from retriever.data import History, ValueScale
from retriever.recommenders.attentive.config import AttentiveConfig
from retriever.recommenders.attentive.sequences import MAX_ATTENTION, Encoded, age_steps, centred, encode
from retriever.recommenders.attentive.subsets import Attended, AttendedSubsets
from retriever.recommenders.base import Arrays, Recommender, Scores, Training
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.subsets import Doubles, Mix, Subsets
from retriever.threads import one_thread
from retriever.workspace import NOWHERE, Workspace

# So that a history without known items divides by something.
_TINY = 1e-30
Tables = Mapping[str, npt.NDArray[np.float32]]


class AttentiveRecommender(Recommender):
    """See :mod:`retriever.recommenders.attentive.network`; passes the recommender contract.

    Args:
        config: Its settings.
        catalogue: The items.
        scale: Scale of the ratings.
        tables: The network's tables, as :func:`~retriever.recommenders.attentive.fitting.tables_of` makes them.
    """

    name: ClassVar[str] = "attentive"

    def __init__(self, config: AttentiveConfig, catalogue: Catalogue, scale: ValueScale, tables: Tables) -> None:
        super().__init__(config, catalogue, scale)
        self._tables = tables

    @classmethod
    def fit(cls, training: Training, config: AttentiveConfig, workspace: Workspace = NOWHERE) -> Self:
        """Return a recommender trained on the training data, some of it kept back for early stopping."""
        # Training alone needs torch: a service that serves what was fitted starts without.
        from retriever.recommenders.attentive.fitting import fitted_tables  # noqa: PLC0415

        return cls(config, training.catalogue, training.dataset.scale, fitted_tables(training, config, workspace))

    def scores(self, histories: Sequence[History]) -> Scores:
        """Return float32 [n_histories, n_items] (see :class:`~retriever.recommenders.base.Recommender`)."""
        with one_thread():
            rows = [self._scores(history) for history in histories]
        return np.stack(rows) if rows else np.zeros((0, len(self.catalogue)), dtype=np.float32)

    def _scores(self, history: History) -> Scores:
        encoded = encode(history, self.catalogue, self.scale).last(self.config.history_length)
        ages = np.arange(len(encoded) - 1, -1, -1)
        attention, spoken = self._terms(encoded, ages, self._tables["queries"], self._tables["targets"])
        return _combined(attention.sum(axis=0), spoken.sum(axis=0), self.config.smoothing) + self._tables["bias"]

    def subsets(self, history: History, mixes: Sequence[Mix]) -> Subsets:
        """Return subsets from each behaviour's attention at every age (see the base class)."""
        asked, inverse = np.unique(np.concatenate([mix.columns for mix in mixes]), return_inverse=True)
        weights = np.zeros((len(asked), len(mixes)))
        owner = np.repeat(np.arange(len(mixes)), [len(mix.columns) for mix in mixes])
        np.add.at(weights, (inverse, owner), np.concatenate([mix.weights for mix in mixes]))
        encoded = encode(history, self.catalogue, self.scale)
        queries, targets = self._tables["queries"][asked], self._tables["targets"][asked]
        length = min(len(encoded), self.config.history_length)
        ages = np.unique(age_steps(np.arange(length)), return_index=True)[1]
        with one_thread():
            table = np.stack(self._terms(encoded, ages[:, np.newaxis], queries, targets)).astype(np.float64)
        attended = Attended(len(history), encoded.places, table, self._tables["bias"][asked], weights)
        return AttendedSubsets(attended, self.config.history_length, self.config.smoothing)

    def attention(self, history: History, column: int) -> Doubles:
        """Return the share of attention that each behaviour gets before an item, float64 [n_behaviours]."""
        encoded = encode(history, self.catalogue, self.scale).last(self.config.history_length)
        ages = np.arange(len(encoded) - 1, -1, -1)
        given, _ = self._terms(encoded, ages, self._tables["queries"][[column]], self._tables["targets"][[column]])
        shares = np.zeros(len(history))
        shares[encoded.places] = given[:, 0] / max(float(given.sum()), _TINY)
        return shares

    def _terms(
        self, encoded: Encoded, ages: npt.NDArray[np.int64], queries: Scores, targets: Scores
    ) -> tuple[Scores, Scores]:
        """Return each behaviour's attention and attention · value, float32 [..., n_behaviours, n_targets].

        Args:
            encoded: The behaviours.
            ages: int64, the age of each, [n_behaviours]; or [n, 1], the ages that each is taken to have in turn.
            queries: float32 [n_targets, dimensions], what the targets ask,
            targets: and what they are told.
        """
        tables, steps = self._tables, age_steps(ages)
        told = tables["met"][encoded.columns] + tables["kind"][encoded.kinds] + tables["age"][steps]
        told = told + centred(encoded.values)[:, np.newaxis] * tables["value"]
        hidden = (0.5 * told * (1.0 + erf(told / np.float32(np.sqrt(2.0))))).astype(np.float32)
        keys = hidden @ tables["key"] + tables["key_bias"]
        said = hidden @ tables["said"] + tables["said_bias"]
        logits = keys @ queries.T + tables["age_attention"][steps][..., np.newaxis]
        attention = np.exp(np.clip(logits, -MAX_ATTENTION, MAX_ATTENTION))
        return attention, attention * (said @ targets.T)

    def arrays(self) -> Arrays:
        """Return the tables."""
        return self._tables

    @classmethod
    def restore(cls, config: AttentiveConfig, catalogue: Catalogue, scale: ValueScale, arrays: Arrays) -> Self:
        """Return the recommender that :meth:`arrays` was taken from."""
        return cls(config, catalogue, scale, {name: np.asarray(array) for name, array in arrays.items()})


def _combined(
    attention: npt.NDArray[np.floating], spoken: npt.NDArray[np.floating], smoothing: float
) -> npt.NDArray[np.floating]:
    """Return the smoothed average; 0 where nothing was attended to."""
    some = attention > 0
    return np.where(some, spoken / np.where(some, attention, 1.0) ** smoothing, 0.0)
