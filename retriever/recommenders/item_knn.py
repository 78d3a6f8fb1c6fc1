"""Item neighbours by who liked both, as the ``implicit`` library finds them."""

from __future__ import annotations

import warnings
from enum import StrEnum
from typing import ClassVar

import numpy as np
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from implicit.utils import ParameterWarning
from scipy.sparse import csr_array, csr_matrix

from retriever.recommenders.base import Training
from retriever.recommenders.linear import LinearConfig, LinearRecommender


class Similarity(StrEnum):
    """How alike two items' fans are."""

    COSINE = "cosine"
    TFIDF = "tfidf"
    BM25 = "bm25"


class ItemKnnConfig(LinearConfig, frozen=True, kw_only=True, tag="item_knn"):
    """Settings of the item neighbours.

    Attributes:
        similarity: How alike two items' fans are.
        neighbours: How many neighbours each item keeps.
    """

    similarity: Similarity = Similarity.BM25
    neighbours: int = 400


_LIBRARY = {
    Similarity.COSINE: CosineRecommender,
    Similarity.TFIDF: TFIDFRecommender,
    Similarity.BM25: BM25Recommender,
}


class ItemKnnRecommender(LinearRecommender):
    """See the module; passes the recommender contract."""

    name: ClassVar[str] = "item_knn"

    @classmethod
    def learn(cls, training: Training, config: ItemKnnConfig) -> csr_array:
        """Return the similarities of neighbours."""
        library = _LIBRARY[config.similarity](K=config.neighbours)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ParameterWarning)  # it warns of a conversion within itself
            library.fit(csr_matrix(training.liked), show_progress=False)
        similarity = csr_array(library.similarity, dtype=np.float32)
        similarity.setdiag(0)
        similarity.eliminate_zeros()
        # BM25 gives what nearly everybody likes a weight below 0: "alike, therefore against" would be nonsense.
        similarity.data = np.clip(similarity.data, 0.0, None)
        # One unit for all three measures, so that their sums are of one size.
        top = float(similarity.data.max(initial=0.0))
        return csr_array(similarity / top) if top > 0 else similarity
