"""The recommenders that stand alone, by their settings: what the hybrid can be made of."""

from __future__ import annotations

from retriever.recommenders.als import AlsConfig, AlsRecommender
from retriever.recommenders.attentive import AttentiveConfig, AttentiveRecommender
from retriever.recommenders.base import Recommender
from retriever.recommenders.content import ContentConfig, ContentRecommender
from retriever.recommenders.ease import EaseConfig, EaseRecommender
from retriever.recommenders.item_knn import ItemKnnConfig, ItemKnnRecommender
from retriever.recommenders.popularity import PopularityConfig, PopularityRecommender

SingleConfig = EaseConfig | ItemKnnConfig | AlsConfig | ContentConfig | AttentiveConfig | PopularityConfig

_SINGLES: dict[type[SingleConfig], type[Recommender]] = {
    EaseConfig: EaseRecommender,
    ItemKnnConfig: ItemKnnRecommender,
    AlsConfig: AlsRecommender,
    ContentConfig: ContentRecommender,
    AttentiveConfig: AttentiveRecommender,
    PopularityConfig: PopularityRecommender,
}


def recommender_for(config: SingleConfig) -> type[Recommender]:
    """Return the recommender that a config is for."""
    return _SINGLES[type(config)]
