"""What the network learns from: a history up to some moment, and what came after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from retriever.evaluation import metrics
from retriever.recommenders.attentive.batch import collate
from retriever.recommenders.attentive.config import AttentiveConfig, Loss
from retriever.recommenders.attentive.network import AttentiveNetwork
from retriever.recommenders.attentive.sequences import Encoded, encode
from retriever.recommenders.base import Scores
from retriever.validation import LONGEST, Validation

# A history of so many behaviours is cut at one more moment in every pass.
_BEHAVIOURS_PER_CUT = 40
# The earliest moment a history is cut at, as a share of it: a history of nothing teaches nothing.
_EARLIEST = 0.1
_SHORTEST = 2
# Most (history, behaviour, item) triples looked at at once in validation: some hundred megabytes.
_CELLS = 20_000_000


class NextLikes:
    """The task: from what someone did up to a moment, tell what they like (or how they rate) afterwards.

    Args:
        network: The network.
        config: Settings.
        validation: Training data, and what is kept back to validate with.
        device: Where the network is.
    """

    def __init__(self, network: AttentiveNetwork, config: AttentiveConfig, validation: Validation, device: str) -> None:
        self.network: nn.Module = network
        self.name = f"attentive ({config.loss})"
        self.metric_name = "ranking quality" if config.loss is Loss.BCE else "rating error, negative"
        self._network = network
        self._config = config
        self._validation = validation
        self._device = device
        train = validation.train
        encoded = [encode(history, train.catalogue, train.dataset.scale) for history in train.histories]
        self._histories = [h for h in encoded if len(h) >= _SHORTEST]
        self._n_items = len(train.catalogue)
        self._asked = [encode(h, train.catalogue, train.dataset.scale) for h in validation.histories]
        self._whole = self._n_items <= 2 * config.negatives

    @property
    def steps_per_epoch(self) -> int:
        """Batches in a pass."""
        return max(1, math.ceil(len(self._order()) / self._config.batch_size))

    def _order(self) -> list[int]:
        return [n for n, h in enumerate(self._histories) for _ in range(math.ceil(len(h) / _BEHAVIOURS_PER_CUT))]

    def losses(self, epoch: int) -> Iterator[Tensor]:
        """Yield the loss of each batch of a pass."""
        rng = np.random.default_rng((self._config.training.seed, epoch))
        order = rng.permutation(self._order())
        for start in range(0, len(order), self._config.batch_size):
            cuts = [self._cut(self._histories[n], rng) for n in order[start : start + self._config.batch_size]]
            contexts, futures = [context for context, _ in cuts], [future for _, future in cuts]
            loss = (
                self._likes(contexts, futures, rng)
                if self._config.loss is Loss.BCE
                else self._ratings(contexts, futures)
            )
            if loss is not None:
                yield loss

    def _cut(self, history: Encoded, rng: np.random.Generator) -> tuple[Encoded, Encoded]:
        at = int(rng.integers(max(1, int(_EARLIEST * len(history))), len(history)))
        length = self._config.history_length
        return history.part(slice(max(0, at - length), at)), history.part(slice(at, at + self._config.targets))

    def _likes(
        self, contexts: Sequence[Encoded], futures: Sequence[Encoded], rng: np.random.Generator
    ) -> Tensor | None:
        """Return the binary cross entropy of liked items against all unseen ones, or a sample that stands for them."""
        wanted = [np.unique(f.columns[f.opinions > 0]) for f in futures]
        rows = np.repeat(np.arange(len(wanted)), [len(w) for w in wanted])
        if not len(rows):
            return None
        columns = np.concatenate(wanted)
        asked, places = self._candidates(columns, rng)
        scores = self._network(collate(contexts, self._device), torch.from_numpy(asked).to(self._device))
        positive = np.zeros((len(contexts), len(asked)), dtype=bool)
        positive[rows, places] = True
        unseen = ~positive & ~_met(contexts, asked, self._n_items)
        stands_for = self._n_items / len(asked) / self._config.positive_weight
        likes = functional.softplus(-scores[self._mask(positive)]).sum()
        rest = functional.softplus(scores[self._mask(unseen)]).sum() * stands_for
        return (likes + rest) / len(rows)

    def _candidates(
        self, wanted: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the items a batch is asked about, and where the wanted ones stand among them."""
        if self._whole:
            return np.arange(self._n_items), wanted
        sample = rng.integers(0, self._n_items, self._config.negatives)
        asked, inverse = np.unique(np.concatenate([wanted, sample]), return_inverse=True)
        return asked, inverse[: len(wanted)]

    def _ratings(self, contexts: Sequence[Encoded], futures: Sequence[Encoded]) -> Tensor | None:
        """Return the mean squared error of predicted places on the rating scale."""
        rated = [np.flatnonzero(~np.isnan(f.values)) for f in futures]
        rows = np.repeat(np.arange(len(rated)), [len(r) for r in rated])
        if not len(rows):
            return None
        columns = np.concatenate([f.columns[r] for f, r in zip(futures, rated, strict=True)])
        values = np.concatenate([f.values[r] for f, r in zip(futures, rated, strict=True)])
        asked, places = np.unique(columns, return_inverse=True)
        scores = self._network(collate(contexts, self._device), torch.from_numpy(asked).to(self._device))
        predicted = scores[torch.from_numpy(rows), torch.from_numpy(places)]
        return functional.mse_loss(predicted, torch.from_numpy(values).to(self._device))

    def _mask(self, mask: npt.NDArray[np.bool_]) -> Tensor:
        return torch.from_numpy(mask).to(self._device)

    @torch.no_grad()
    def validate(self) -> float:
        """Return the ranking quality on what is kept back, or the negative mean squared error of its ratings."""
        if self._config.loss is Loss.MSE:
            errors = [error for rows, scores in self._judged() for error in self._errors(rows, scores)]
            return -float(np.mean(errors)) if errors else 0.0
        validation, lists = self._validation, []
        for rows, scores in self._judged():
            found = metrics.top(scores, validation.met[rows], LONGEST)
            lists.append(found[np.isin(rows, validation.asked)])
        return validation.quality_of_lists(np.concatenate(lists)) if lists else 0.0

    def _judged(self) -> Iterator[tuple[npt.NDArray[np.int64], Scores]]:
        """Yield validation histories' numbers and their scores, so many at once as memory is meant for."""
        everything = torch.arange(self._n_items, device=self._device)
        step = max(1, min(self._config.batch_size, _CELLS // (self._n_items * self._config.history_length)))
        for start in range(0, len(self._asked), step):
            part = [h.last(self._config.history_length) for h in self._asked[start : start + step]]
            scores: Scores = self._network(collate(part, self._device), everything).cpu().numpy()
            yield np.arange(start, start + len(part)), scores

    def _errors(self, rows: npt.NDArray[np.int64], scores: Scores) -> list[float]:
        train = self._validation.train
        return [
            (float(line[train.catalogue.position(b.item)]) - train.dataset.scale.share(b.value)) ** 2
            for row, line in zip(rows, scores, strict=True)
            for b in self._validation.held_out[int(row)]
            if b.value is not None and b.item in train.catalogue
        ]


def _met(contexts: Sequence[Encoded], asked: npt.NDArray[np.int64], n_items: int) -> npt.NDArray[np.bool_]:
    """Return bool [n_histories, n_asked]: whether the item is in the history."""
    place = np.full(n_items, -1, dtype=np.int64)
    place[asked] = np.arange(len(asked))
    met = np.zeros((len(contexts), len(asked)), dtype=bool)
    for row, context in enumerate(contexts):
        columns = place[context.columns]
        met[row, columns[columns >= 0]] = True
    return met
