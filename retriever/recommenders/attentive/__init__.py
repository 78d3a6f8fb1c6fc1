"""The deep recommender: target-aware attention over the history, on top of sentence embeddings."""

from retriever.recommenders.attentive.config import AttentiveConfig, Loss
from retriever.recommenders.attentive.recommender import AttentiveRecommender

__all__ = ["AttentiveConfig", "AttentiveRecommender", "Loss"]
