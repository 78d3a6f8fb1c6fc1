"""Fit: dataset → model. The one function between reading data and recommending."""

from __future__ import annotations

import numpy as np

from retriever.data import Dataset
from retriever.encoder import OnProgress, TextEncoder, item_text
from retriever.errors import DataError
from retriever.recommenders import Catalogue, HybridConfig, HybridRecommender
from retriever.recommenders.linear import weight_matrix
from retriever.statistics import LikeCounts
from retriever.store import FittedModel


def fit(
    dataset: Dataset, encoder: TextEncoder, config: HybridConfig, on_progress: OnProgress | None = None
) -> FittedModel:
    """Return a fitted model.

    Args:
        dataset: Items and behaviours; at least one item.
        encoder: Embeds the items' texts.
        config: Settings of the recommender.
        on_progress: Called while texts are encoded.

    Raises:
        DataError: If the dataset has no items.
    """
    if not dataset.items:
        raise DataError(f"Dataset {dataset.name!r} has no items to fit on.")
    catalogue = Catalogue(dataset.items)
    embeddings = encoder.encode([item_text(item) for item in dataset.items], on_progress)
    weights = weight_matrix(catalogue, list(dataset.histories.values()), dataset.scale)
    liked = (weights > 0).astype(np.float32)
    recommender = HybridRecommender.fit(catalogue, dataset.scale, liked, embeddings, config)
    return FittedModel(recommender, LikeCounts(catalogue, liked), embeddings, dataset.content_hash, encoder.name)
