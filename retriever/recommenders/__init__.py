"""Recommenders: pure functions from a history to the score of every item."""

from retriever.recommenders.base import Catalogue, Recommender, Scores, behaviour_weight
from retriever.recommenders.hybrid import HybridConfig, HybridRecommender

__all__ = ["Catalogue", "HybridConfig", "HybridRecommender", "Recommender", "Scores", "behaviour_weight"]
