"""The default recommender: several others added up, with weights learnt on validation.

``score(item) = Σ weight · score of one recommender``. A sum keeps attribution exact: what the sum loses without a
behaviour is the sum of what the parts lose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import msgspec
import numpy as np

from retriever.data import History, Item, ValueScale
from retriever.encoder import Embeddings
from retriever.recommenders.als import AlsConfig
from retriever.recommenders.attentive import AttentiveConfig
from retriever.recommenders.base import Arrays, Recommender, RecommenderConfig, Scores, Training
from retriever.recommenders.blend import learn_weights
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.content import ContentConfig, ContentRecommender
from retriever.recommenders.ease import EaseConfig
from retriever.recommenders.item_knn import ItemKnnConfig
from retriever.recommenders.popularity import PopularityConfig, PopularityRecommender
from retriever.recommenders.registry import SingleConfig, recommender_for
from retriever.tuning import tuned
from retriever.validation import Validation, hold_back
from retriever.workspace import NOWHERE, Workspace

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


class HybridRecommender(Recommender):
    """See the module; passes the recommender contract.

    Args:
        config: Its settings, with weights.
        catalogue: The items.
        scale: Scale of the ratings.
        parts: The recommenders that are added up, by name.
    """

    name: ClassVar[str] = "hybrid"

    def __init__(
        self, config: HybridConfig, catalogue: Catalogue, scale: ValueScale, parts: Mapping[str, Recommender]
    ) -> None:
        super().__init__(config, catalogue, scale)
        self.parts = parts

    @classmethod
    def fit(cls, training: Training, config: HybridConfig, workspace: Workspace = NOWHERE) -> Self:
        """Return a recommender fitted on the training data, its weights learnt unless the config gives them."""
        fitted: dict[str, Recommender] = {}
        metrics: dict[str, float] = {}
        if not config.weights:
            config, metrics, fitted = _learn(training, config, workspace)
        parts: dict[str, Recommender] = {}
        for part in config.parts:
            name = recommender_for(part).name
            workspace.on_stage("Fitting the parts", len(parts), len(config.parts))
            parts[name] = fitted.get(name) or recommender_for(part).fit(training, part, workspace.within(name))
        workspace.on_stage("Fitting the parts", len(parts), len(config.parts))
        hybrid = cls(config, training.catalogue, training.dataset.scale, parts)
        hybrid.metrics = metrics
        return hybrid

    def scores(self, histories: Sequence[History]) -> Scores:
        """Return float32 [n_histories, n_items] (see :class:`~retriever.recommenders.base.Recommender`)."""
        total = np.zeros((len(histories), len(self.catalogue)), dtype=np.float32)
        for name, part in self.parts.items():
            scores = np.float32(self.config.weights[name]) * part.scores(histories)
            total[:, : scores.shape[1]] += scores  # items that came after the fit stand last, and few parts know them
        return total

    def contributions(self, history: History, item: str) -> Scores:
        """Return float32 [n_behaviours] (see :class:`~retriever.recommenders.base.Recommender`)."""
        self.catalogue.position(item)
        total = np.zeros(len(history), dtype=np.float32)
        for name, part in self.parts.items():
            if item in part.catalogue:
                total += np.float32(self.config.weights[name]) * part.contributions(history, item)
        return total

    def arrays(self) -> Arrays:
        """Return the arrays of all parts, as ``part/array``."""
        return {f"{name}/{key}": array for name, part in self.parts.items() for key, array in part.arrays().items()}

    @classmethod
    def restore(cls, config: HybridConfig, catalogue: Catalogue, scale: ValueScale, arrays: Arrays) -> Self:
        """Return the recommender that :meth:`arrays` was taken from."""
        parts = {}
        for part in config.parts:
            part_cls = recommender_for(part)
            own = {
                k.removeprefix(f"{part_cls.name}/"): a for k, a in arrays.items() if k.startswith(f"{part_cls.name}/")
            }
            parts[part_cls.name] = part_cls.restore(part, catalogue, scale, own)
        return cls(config, catalogue, scale, parts)

    def extended(self, items: Sequence[Item], embeddings: Embeddings) -> HybridRecommender:
        """Return the recommender with items that came after the fit: content alone can speak for them.

        Args:
            items: The new items.
            embeddings: float32 [n_items, dimensions] of the old and the new ones, in that order.
        """
        parts = {
            name: part.extended(items, embeddings) if isinstance(part, ContentRecommender) else part
            for name, part in self.parts.items()
        }
        return HybridRecommender(self.config, self.catalogue.extended(items), self.scale, parts)


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
    weights = _with_popularity(learn_weights(scores, validation), scores)
    learnt = msgspec.structs.replace(config, parts=tuple(choices[name].config for name in weights), weights=weights)
    metrics = {name: validation.quality(of) for name, of in scores.items()}
    total = sum((np.float32(weight) * scores[name] for name, weight in weights.items()), start=np.float32(0))
    metrics[HybridRecommender.name] = validation.quality(np.asarray(total))
    return learnt, metrics


def _learn(
    training: Training, config: HybridConfig, workspace: Workspace
) -> tuple[HybridConfig, dict[str, float], dict[str, Recommender]]:
    validation = hold_back(training)
    if len(validation.asked) < MIN_VALIDATION_USERS:
        return _unlearnt(config), {}, {}
    choices = {recommender_for(part).name: choose(part, training, validation, workspace) for part in config.parts}
    learnt, metrics = blended(config, choices, validation)
    return learnt, metrics, {name: choice.fitted for name, choice in choices.items() if choice.fitted is not None}


def _with_popularity(weights: Mapping[str, float], scores: Mapping[str, Scores]) -> dict[str, float]:
    """Return the weights above 0; popularity keeps a grain, to order ties and to have a list for a cold start."""
    kept = {name: weight for name, weight in weights.items() if weight > 0}
    if PopularityRecommender.name in scores and PopularityRecommender.name not in kept:
        widest = max((kept[name] * float(np.std(scores[name])) for name in kept), default=1.0)
        kept[PopularityRecommender.name] = _GRAIN * (widest or 1.0)
    return kept


def _unlearnt(config: HybridConfig) -> HybridConfig:
    """Return the config for data too small to learn weights from: item-item weights, words, popularity for ties."""
    parts = tuple(part for part in config.parts if recommender_for(part).name in _SMALL_DATA)
    return msgspec.structs.replace(
        config, parts=parts, weights={recommender_for(p).name: _SMALL_DATA[recommender_for(p).name] for p in parts}
    )
