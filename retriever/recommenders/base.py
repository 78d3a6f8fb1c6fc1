"""The contract of a recommender: a pure function from a history to the score of every item."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from retriever.data import Dataset, History, ValueScale
from retriever.encoder import Embeddings
from retriever.errors import DataError
from retriever.recommenders.catalogue import Catalogue
from retriever.recommenders.subsets import Mix, Subsets
from retriever.recommenders.weighting import Recency, weight_matrix
from retriever.workspace import NOWHERE, Workspace

Scores = npt.NDArray[np.float32]
Arrays = Mapping[str, "npt.NDArray[Any] | csr_array"]


class RecommenderConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="recommender"):
    """Root of all recommenders' settings; the tag in its JSON names the recommender."""


@dataclass(frozen=True)
class Training:
    """What a recommender may learn from.

    Attributes:
        dataset: Items and behaviours.
        embeddings: float32 [n_items, dimensions], rows of length 1, in the catalogue's order.

    Raises:
        DataError: If there is not one row of finite numbers per item.
    """

    dataset: Dataset
    embeddings: Embeddings

    def __post_init__(self) -> None:
        items, rows = self.dataset.items, np.asarray(self.embeddings)
        if rows.ndim != 2 or len(rows) != len(items):  # noqa: PLR2004  a table
            raise DataError(f"{len(items)} items need as many rows of embeddings; these have the shape {rows.shape}.")
        bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(bad):
            raise DataError(
                f"The embeddings of {len(bad)} of {len(items)} items are not finite, the first is that of item "
                f"{items[bad[0]].id!r}; encode again, e.g. with EXPLAINER_ENCODER_PRECISION=float32."
            )

    @cached_property
    def catalogue(self) -> Catalogue:
        """The items, numbered."""
        return Catalogue(self.dataset.items)

    @cached_property
    def histories(self) -> list[History]:
        """Everybody's history."""
        return list(self.dataset.histories.values())

    @cached_property
    def liked(self) -> csr_array:
        """Sparse float32 [n_users, n_items]: 0 to 1, the user's strongest sign of liking over the strongest kind's."""
        weights = weight_matrix(self.histories, self.catalogue, self.dataset.scale, Recency())
        weights.sum_duplicates()
        weights.data[:] = weights.data > 0
        weights.eliminate_zeros()
        return weights


class Recommender(ABC):
    """Scores items for histories. It holds no parameter per user: leaving a behaviour out is just another history.

    Args:
        config: Its settings.
        catalogue: The items it scores, in the order of its columns.
        scale: Scale of the ratings.

    Attributes:
        metrics: What validation during the fit measured, by name; kept with the saved recommender.
    """

    name: ClassVar[str]

    def __init__(self, config: Any, catalogue: Catalogue, scale: ValueScale) -> None:  # noqa: ANN401  narrowed below
        self.config = config
        self.catalogue = catalogue
        self.scale = scale
        self.metrics: dict[str, float] = {}

    @classmethod
    @abstractmethod
    def fit(cls, training: Training, config: Any, workspace: Workspace = NOWHERE) -> Self:  # noqa: ANN401  each names its own
        """Return a recommender fitted on the training data; traces and progress go to the workspace."""

    @abstractmethod
    def scores(self, histories: Sequence[History]) -> Scores:
        """Return float32 [n_histories, n_items]; deterministic, a batch equals one by one."""

    @abstractmethod
    def arrays(self) -> Arrays:
        """Return everything learnt, by name; with config, catalogue and scale it is the whole recommender."""

    @classmethod
    @abstractmethod
    def restore(cls, config: Any, catalogue: Catalogue, scale: ValueScale, arrays: Arrays) -> Self:  # noqa: ANN401
        """Return the recommender that :meth:`arrays` was taken from."""

    @abstractmethod
    def subsets(self, history: History, mixes: Sequence[Mix]) -> Subsets:
        """Return what this recommender says of any part of the history about some sums of items' scores."""

    def contributions(self, history: History, item: str) -> Scores:
        """Return float32 [n_behaviours]: the exact fall of the item's score when that behaviour alone is left out.

        Raises:
            UnknownItemError: If the item is not in the catalogue.
        """
        subsets = self.subsets(history, [Mix.one(self.catalogue.position(item))])
        return np.asarray(subsets.falls(np.ones(len(history), dtype=bool))[:, 0], dtype=np.float32)

    def adapted(self, config: Any) -> Self | None:  # noqa: ANN401
        """Return this recommender under other settings if that needs no new fit, else None."""
        return self if config == self.config else None
