"""How a network is trained: settings alone, so that reading them back loads no torch."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Optimizer(StrEnum):
    """How weights follow gradients."""

    ADAMW = "adamw"
    SGD = "sgd"


class TrainingConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a training.

    Attributes:
        epochs: Most passes over the examples.
        patience: Passes without a better validation before it stops.
        optimizer: AdamW (Loshchilov and Hutter 2019), or SGD with momentum .9.
        learning_rate: Peak of the schedule: linear warm-up, then half a cosine to 0.
        weight_decay: Decoupled for AdamW, in the gradient for SGD.
        warmup: Share of all steps spent on the way to the peak, 0 to 1.
        seed: Of everything random.
    """

    epochs: int = 12
    patience: int = 4
    optimizer: Optimizer = Optimizer.ADAMW
    learning_rate: float = 8e-3
    weight_decay: float = 1e-2
    warmup: float = 0.05
    seed: int = 0
