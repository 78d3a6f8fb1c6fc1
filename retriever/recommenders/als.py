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
import numpy.typing as npt
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from retriever.data import History, ValueScale
from retriever.recommenders.base import Arrays, Recommender, RecommenderConfig, Scores, Training
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.weighting import Recency, Weighed, weigh
from retriever.workspace import NOWHERE, Workspace

Doubles = npt.NDArray[np.float64]
# Solved at once when every behaviour is left out in turn: memory is this many times factors².
_SOLVED_AT_ONCE = 512


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

    def contributions(self, history: History, item: str) -> Scores:
        """Return float32 [n_behaviours] (see :class:`~retriever.recommenders.base.Recommender`).

        The sums over all newer and all older behaviours are kept, so each shortened history is one small system.
        """
        target = self._factors[self.catalogue.position(item)].astype(np.float64)
        whole = float(target @ self._fold_in(history))
        weighed = weigh(history, self.catalogue, self.scale, self._recency)
        evidence = self._evidence(weighed)
        total, older = evidence.total(), np.zeros(evidence.width)
        contributions = np.zeros(len(history), dtype=np.float32)
        for start in range(0, len(weighed.places), _SOLVED_AT_ONCE):
            own = evidence.terms(slice(start, start + _SOLVED_AT_ONCE))
            through = older + np.cumsum(own, axis=0)
            # Without a behaviour, everything older stands one place nearer and weighs one step of fading more.
            solved = self._solve(total - through, through - own, 1.0 / self._recency.per_behaviour)
            contributions[weighed.places[start : start + _SOLVED_AT_ONCE]] = whole - solved @ target
            older = through[-1]
        return contributions

    def _fold_in(self, history: History) -> Doubles:
        """Return the history's factors, float64 [factors]; zeros where it says nothing."""
        total = self._evidence(weigh(history, self.catalogue, self.scale, self._recency)).total()[np.newaxis]
        return self._solve(total, np.zeros_like(total), 1.0)[0]

    def _evidence(self, weighed: Weighed) -> _Evidence:
        vectors = np.where(weighed.weights[:, np.newaxis] == 0, 0, self._factors[weighed.columns])
        return _Evidence(vectors.astype(np.float64), self.config.alpha * weighed.weights.astype(np.float64))

    def _solve(self, newer: Doubles, older: Doubles, growth: float) -> Doubles:
        """Return the factors for sums of terms, float64 [n, factors]; ``older`` ones have grown by ``growth``."""
        size = len(self._gram)
        faded = newer[:, :-size] + growth * older[:, :-size]
        left = self._gram + faded[:, : size * size].reshape(-1, size, size)
        right = faded[:, size * size :] + newer[:, -size:] + older[:, -size:]
        return np.asarray(np.linalg.solve(left, right[:, :, np.newaxis])[:, :, 0], dtype=np.float64)

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


class _Evidence:
    """What each behaviour adds to the two sides of the system: δ y yᵀ left, δ y and y (of liked items) right.

    Args:
        vectors: float64 [n_behaviours, factors], the items' factors; zeros where a behaviour says nothing.
        weights: float64 [n_behaviours], δ with the sign of liking.
    """

    def __init__(self, vectors: Doubles, weights: Doubles) -> None:
        self._vectors = vectors
        self._weights = weights
        self.width = vectors.shape[1] * (vectors.shape[1] + 2)

    def terms(self, rows: slice) -> Doubles:
        """Return float64 [n, factors² + 2·factors]."""
        vectors, weights = self._vectors[rows], self._weights[rows, np.newaxis]
        outer = vectors[:, :, np.newaxis] * vectors[:, np.newaxis, :] * np.abs(weights)[:, :, np.newaxis]
        liked = vectors * (weights > 0)
        return np.concatenate([outer.reshape(len(vectors), -1), liked * weights, liked], axis=1)

    def total(self) -> Doubles:
        """Return the sum of all terms, float64 [factors² + 2·factors]."""
        sums = [
            self.terms(slice(start, start + _SOLVED_AT_ONCE)).sum(axis=0)
            for start in range(0, len(self._weights), _SOLVED_AT_ONCE)
        ]
        return np.asarray(np.sum(sums, axis=0)) if sums else np.zeros(self.width)
