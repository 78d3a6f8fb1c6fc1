"""What several tests of recommenders fit, and somebody who never did anything."""

from __future__ import annotations

from retriever.data import History
from retriever.recommenders.attentive import AttentiveConfig
from retriever.training_config import TrainingConfig

ATTENTIVE = AttentiveConfig(dimensions=8, history_length=10, training=TrainingConfig(epochs=2))
EMPTY = History("nobody")
