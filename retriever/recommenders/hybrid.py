"""The default recommender: several others added up, with weights learnt on validation.

``score(item) = Σ weight · score of one recommender``. A sum keeps attribution exact: what the sum loses without a
behaviour is the sum of what the parts lose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np

from retriever.data import History, Item, ValueScale
from retriever.encoder import Embeddings
from retriever.index import IndexMaker, make_index
from retriever.recommenders.base import Arrays, Recommender, Scores, Training
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.content import ContentRecommender
from retriever.recommenders.learning import HYBRID, HybridConfig, learn
from retriever.recommenders.linear_subsets import fused
from retriever.recommenders.registry import recommender_for
from retriever.recommenders.subsets import Mix, Subsets, SummedSubsets
from retriever.workspace import NOWHERE, Workspace


class HybridRecommender(Recommender):
    """See the module; passes the recommender contract.

    Args:
        config: Its settings, with weights.
        catalogue: The items.
        scale: Scale of the ratings.
        parts: The recommenders that are added up, by name.
    """

    name: ClassVar[str] = HYBRID

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
            config, metrics, fitted = learn(training, config, workspace)
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

    def subsets(self, history: History, mixes: Sequence[Mix]) -> Subsets:
        """Return the weighted sum of the parts' subsets (see :class:`~retriever.recommenders.base.Recommender`)."""
        parts = [
            (part.subsets(history, [mix.before(len(part.catalogue)) for mix in mixes]), self.config.weights[name])
            for name, part in self.parts.items()
        ]
        return SummedSubsets(len(history), len(mixes), fused(parts))

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

    def extended(
        self, items: Sequence[Item], embeddings: Embeddings, index: IndexMaker = make_index
    ) -> HybridRecommender:
        """Return the recommender with items that came after the fit: content alone can speak for them.

        Args:
            items: The new items.
            embeddings: float32 [n_items, dimensions] of the old and the new ones, in that order.
            index: Makes what finds the new ones' nearest.
        """
        parts = {
            name: part.extended(items, embeddings, index) if isinstance(part, ContentRecommender) else part
            for name, part in self.parts.items()
        }
        return HybridRecommender(self.config, self.catalogue.extended(items), self.scale, parts)
