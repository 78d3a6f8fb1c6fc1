"""Encoded histories side by side, as the tensors that the network is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from retriever.recommenders.attentive.sequences import Encoded, age_steps, centred


@dataclass(frozen=True)
class Batch:
    """Several histories, filled up to one length; all tensors are [n_histories, length].

    Attributes:
        columns: int64; 0 where ``present`` is 0.
        kinds: int64.
        values: float32, place on the scale minus a half; 0 without a value.
        ages: int64, age steps.
        present: float32, 1 for a behaviour, 0 for filling.
    """

    columns: Tensor
    kinds: Tensor
    values: Tensor
    ages: Tensor
    present: Tensor


def collate(histories: Sequence[Encoded], device: str) -> Batch:
    """Return the histories as one batch, in the order given."""
    length = max(1, max((len(h) for h in histories), default=1))
    shape = (len(histories), length)
    columns, kinds, ages = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    values, present = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    for row, history in enumerate(histories):
        n = len(history)
        columns[row, :n] = history.columns
        kinds[row, :n] = history.kinds
        values[row, :n] = centred(history.values)
        ages[row, :n] = age_steps(np.arange(n - 1, -1, -1))
        present[row, :n] = 1.0
    return Batch(*(torch.from_numpy(a).to(device) for a in (columns, kinds, values, ages, present)))
