"""Fit: dataset → model. The one function between reading data and recommending."""

from __future__ import annotations

from scipy.sparse import csr_array

from retriever.data import Dataset
from retriever.encoder import TextEncoder, item_text
from retriever.errors import DataError
from retriever.recommenders.base import Training
from retriever.recommenders.factory import AnyConfig, class_of
from retriever.statistics import LikeCounts
from retriever.store import FittedModel
from retriever.workspace import NOWHERE, Workspace


def fit(dataset: Dataset, encoder: TextEncoder, config: AnyConfig, workspace: Workspace = NOWHERE) -> FittedModel:
    """Return a fitted model.

    Args:
        dataset: Items and behaviours; at least one item.
        encoder: Embeds the items' texts.
        config: Settings of the recommender.
        workspace: Where traces of training go, and who is told about progress.

    Raises:
        DataError: If the dataset has no items.
    """
    if not dataset.items:
        raise DataError(f"Dataset {dataset.name!r} has no items to fit on.")
    texts = [item_text(item) for item in dataset.items]
    embeddings = encoder.encode(texts, lambda done, total: workspace.on_stage("Encoding items", done, total))
    training = Training(dataset, embeddings)
    recommender = class_of(config).fit(training, config, workspace)
    counts = LikeCounts.of(training.catalogue, csr_array(training.liked > 0))
    return FittedModel(recommender, config, counts, embeddings, dataset.content_hash, encoder.name)
