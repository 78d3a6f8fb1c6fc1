"""Matrix factorisation: item factors from ``implicit``, a user's factors folded in from any history.

Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM 2008): a history is solved for
its factors x, ``(YᵀY + λI + Σ δ y yᵀ) x = Σ (1 + δ) y``, the second sum over liked items only; δ = α · the behaviour's
weight. A disliked item is one that is known not to be wanted: it has δ on the left and nothing on the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import msgspec
import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from retriever.data import History, ValueScale
from retriever.recommenders.base import Arrays, Recommender, RecommenderConfig, Scores, Training
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.downdating import System
from retriever.recommenders.fold_in import FoldInSubsets
from retriever.recommenders.subsets import Doubles, Mix, Subsets
from retriever.recommenders.weighting import Recency, weigh
from retriever.workspace import NOWHERE, Workspace


class AlsConfig(RecommenderConfig, frozen=True, kw_only=True, tag="als"):
    """Settings of ALS.

    Attributes:
        factors: Length of an item's vector.
        regularization: λ.
        alpha: How much more a liked item counts than an unknown one, per unit of weight.
        iterations: Passes over the data.
        half_life: After so many later behaviours one weighs half; None means never.
        seed: Of the first guess.
    """

    factors: int = 32
    regularization: float = 5.0
    alpha: float = 1.0
    iterations: int = 15
    half_life: float | None = None
    seed: int = 0


class AlsRecommender(Recommender):
    """See the module; passes the recommender contract.

    Args:
        config: Its settings.
        catalogue: The items.
        scale: Scale of the ratings.
        factors: float32 [n_items, factors].
    """

    name: ClassVar[str] = "als"

    def __init__(self, config: AlsConfig, catalogue: Catalogue, scale: ValueScale, factors: Scores) -> None:
        super().__init__(config, catalogue, scale)
        self._factors = factors
        self._recency = Recency(config.half_life)
        ours = factors.astype(np.float64)
        self._gram = ours.T @ ours + config.regularization * np.eye(factors.shape[1])

    @classmethod
    def fit(cls, training: Training, config: AlsConfig, workspace: Workspace = NOWHERE) -> Self:  # noqa: ARG003
        """Return a recommender fitted on the training data."""
        confidence = csr_matrix(training.liked)
        confidence.data = 1.0 + config.alpha * confidence.data
        with threadpool_limits(1, "blas"):  # the library brings its own threads and asks for this
            library = AlternatingLeastSquares(
                factors=config.factors,
                regularization=config.regularization,
                iterations=config.iterations,
                random_state=config.seed,
                alpha=1.0,
                use_gpu=False,
                num_threads=0,  # each row is solved by one thread, so their number changes nothing
            )
            library.fit(confidence, show_progress=False)
        return cls(config, training.catalogue, training.dataset.scale, np.asarray(library.item_factors))

    def scores(self, histories: Sequence[History]) -> Scores:
        """Return float32 [n_histories, n_items] (see :class:`~retriever.recommenders.base.Recommender`)."""
        # One at a time: a batched product sums in another order, and a batch must equal one by one.
        rows = [self._factors @ self._fold_in(history).astype(np.float32) for history in histories]
        return np.stack(rows) if rows else np.zeros((0, len(self.catalogue)), dtype=np.float32)

    def subsets(self, history: History, mixes: Sequence[Mix]) -> Subsets:
        """Return subsets that are solved exactly (see :class:`~retriever.recommenders.base.Recommender`)."""
        # Unfaded weights: how far a behaviour has faded depends on what else is kept.
        weighed = weigh(history, self.catalogue, self.scale, Recency())
        mixed = np.stack([mix.weights @ self._factors[mix.columns].astype(np.float64) for mix in mixes])
        vectors = self._factors[weighed.columns].astype(np.float64)
        system = System(self._gram, vectors, self.config.alpha * weighed.weights.astype(np.float64))
        return FoldInSubsets(len(history), system, weighed.places, mixed, self._recency)

    def _fold_in(self, history: History) -> Doubles:
        """Return the history's factors, float64 [factors]; zeros where it says nothing."""
        weighed = weigh(history, self.catalogue, self.scale, self._recency)
        vectors = self._factors[weighed.columns].astype(np.float64)
        return System(self._gram, vectors, self.config.alpha * weighed.weights.astype(np.float64)).solution()

    def adapted(self, config: AlsConfig) -> Self | None:
        """Return this recommender under another half-life, which only folding-in knows; anything else needs a fit."""
        same = msgspec.structs.replace(self.config, half_life=config.half_life) == config
        return type(self)(config, self.catalogue, self.scale, self._factors) if same else None

    def arrays(self) -> Arrays:
        """Return the item factors."""
        return {"factors": self._factors}

    @classmethod
    def restore(cls, config: AlsConfig, catalogue: Catalogue, scale: ValueScale, arrays: Arrays) -> Self:
        """Return the recommender that :meth:`arrays` was taken from."""
        return cls(config, catalogue, scale, np.asarray(arrays["factors"]))
