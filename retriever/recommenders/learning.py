"""How the hybrid's parts get their settings and weights: on validation users, kept back from the training data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from retriever.recommenders.als import AlsConfig
from retriever.recommenders.attentive import AttentiveConfig
from retriever.recommenders.base import Recommender, RecommenderConfig, Scores, Training
from retriever.recommenders.blend import learn_weights
from retriever.recommenders.content import ContentConfig, ContentRecommender
from retriever.recommenders.ease import EaseConfig
from retriever.recommenders.item_knn import ItemKnnConfig
from retriever.recommenders.popularity import PopularityConfig, PopularityRecommender
from retriever.recommenders.registry import SingleConfig, recommender_for
from retriever.tuning import tuned
from retriever.validation import Validation, hold_back
from retriever.workspace import NOWHERE, Workspace

HYBRID = "hybrid"
# With fewer validation users who liked anything new, weights would be noise: the given settings stand.
MIN_VALIDATION_USERS = 20
_SMALL_DATA = {"ease": 1.0, "content": 0.01, "popularity": 0.02}
_GRAIN = 1e-3
_DEFAULT_PARTS = (
    EaseConfig(),
    ItemKnnConfig(),
    AlsConfig(),
    ContentConfig(),
    AttentiveConfig(),
    PopularityConfig(),
)


class HybridConfig(RecommenderConfig, frozen=True, kw_only=True, tag="hybrid"):
    """Settings of the hybrid.

    Attributes:
        parts: Settings of the recommenders that are added up.
        weights: Weight of each by name; empty means: learn them, and the parts' settings, on validation. A fitted
            hybrid states here what it learnt.
    """

    parts: tuple[SingleConfig, ...] = _DEFAULT_PARTS
    weights: dict[str, float] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """What validation settled about one part.

    Attributes:
        config: Its settings.
        scores: float32 [n_histories, n_items], of the validation's histories.
        fitted: The part, if it needs no second fit on all of the data.
    """

    config: SingleConfig
    scores: Scores
    fitted: Recommender | None


def choose(part: SingleConfig, training: Training, validation: Validation, workspace: Workspace = NOWHERE) -> Choice:
    """Return settings for one part that do well on validation."""
    cls = recommender_for(part)
    if isinstance(part, AttentiveConfig):
        # It keeps the very same users back for early stopping, so it needs no second training.
        fitted = cls.fit(training, part, workspace.within(cls.name))
        return Choice(part, fitted.scores(validation.histories), fitted)
    best = tuned(part, validation, workspace)
    return Choice(best.config, best.scores(validation.histories), None)


def blended(
    config: HybridConfig, choices: Mapping[str, Choice], validation: Validation
) -> tuple[HybridConfig, dict[str, float]]:
    """Return the config with the chosen parts and their weights, and what each and the sum reach on validation."""
    scores = {name: choice.scores for name, choice in choices.items()}
    weights = _with_grains(learn_weights(scores, validation), scores)
    learnt = msgspec.structs.replace(config, parts=tuple(choices[name].config for name in weights), weights=weights)
    metrics = {name: validation.quality(of) for name, of in scores.items()}
    total = sum((np.float32(weight) * scores[name] for name, weight in weights.items()), start=np.float32(0))
    metrics[HYBRID] = validation.quality(np.asarray(total))
    return learnt, metrics


def learn(
    training: Training, config: HybridConfig, workspace: Workspace
) -> tuple[HybridConfig, dict[str, float], dict[str, Recommender]]:
    """Return the config with settings and weights, what validation measured, and parts that need no second fit."""
    validation = hold_back(training)
    if len(validation.asked) < MIN_VALIDATION_USERS:
        return _unlearnt(config), {}, {}
    choices = {recommender_for(part).name: choose(part, training, validation, workspace) for part in config.parts}
    learnt, metrics = blended(config, choices, validation)
    return learnt, metrics, {name: choice.fitted for name, choice in choices.items() if choice.fitted is not None}


def _with_grains(weights: Mapping[str, float], scores: Mapping[str, Scores]) -> dict[str, float]:
    """Return the weights above 0, and a grain of what must not be missing.

    Popularity orders ties and has a list for a cold start; content is all there is for items that come after the fit.
    """
    kept = {name: weight for name, weight in weights.items() if weight > 0}
    widest = max((weight * float(np.std(scores[name])) for name, weight in kept.items()), default=1.0) or 1.0
    for name in (ContentRecommender.name, PopularityRecommender.name):
        if name in scores and name not in kept:
            kept[name] = _GRAIN * widest / (float(np.std(scores[name])) or 1.0)
    return kept


def _unlearnt(config: HybridConfig) -> HybridConfig:
    """Return the config for data too small to learn weights from: item-item weights, words, popularity for ties."""
    parts = tuple(part for part in config.parts if recommender_for(part).name in _SMALL_DATA)
    return msgspec.structs.replace(
        config, parts=parts, weights={recommender_for(p).name: _SMALL_DATA[recommender_for(p).name] for p in parts}
    )
