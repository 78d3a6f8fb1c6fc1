"""Settings of the deep model."""

from __future__ import annotations

from enum import StrEnum

from retriever.recommenders.base import RecommenderConfig
from retriever.training_config import TrainingConfig


class Loss(StrEnum):
    """What the network learns to say."""

    BCE = "bce"
    MSE = "mse"


class AttentiveConfig(RecommenderConfig, frozen=True, kw_only=True, tag="attentive"):
    """Settings of the deep model.

    Attributes:
        loss: ``bce`` learns whether an item will be liked (implicit feedback), ``mse`` how it will be rated.
        dimensions: Length of all learnt vectors.
        history_length: Most recent behaviours that are looked at.
        dropout: Share of vector entries blanked in training, 0 to 1.
        smoothing: Power of the attention's denominator, 0 to 1. At 1 attention is an average; below, much evidence
            counts for more than little (NAIS's β).
        batch_size: Histories in a batch.
        targets: Most later items asked for per history.
        negatives: Unseen items a batch is compared with; a catalogue of up to twice as many is used whole.
        positive_weight: How much a liked item counts against one of all unseen ones.
        training: Settings of the training.
    """

    loss: Loss = Loss.BCE
    dimensions: int = 64
    history_length: int = 50
    dropout: float = 0.2
    smoothing: float = 0.5
    batch_size: int = 32
    targets: int = 20
    negatives: int = 2000
    positive_weight: float = 20.0
    training: TrainingConfig = TrainingConfig()
