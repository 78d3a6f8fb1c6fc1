"""The default recommender: EASE, content neighbours and a grain of popularity, added up into one stated score.

``score(item) = EASE + content_weight · content + popularity_weight · popularity``, the first two linear in the history
and the last a constant per item. So contributions plus that constant are the score, exactly, and a user without any
behaviour gets the most liked items.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from scipy.sparse import csr_array

from retriever.data import History, ValueScale
from retriever.encoder import Embeddings
from retriever.recommenders.base import Catalogue, Scores
from retriever.recommenders.content import content_matrix
from retriever.recommenders.ease import ease_matrix
from retriever.recommenders.linear import LinearRecommender


class HybridConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of the hybrid.

    The defaults did best on ML-100K with the last fifth of every history held out (NDCG@10 .19; a content weight of 0
    or .02 and a λ of 600 did worse).

    Attributes:
        regularization: EASE's λ.
        content_weight: Weight of the content neighbours.
        neighbours: Content neighbours per item.
        popularity_weight: Weight of an item's share of likes; small, it only orders ties and cold starts.
    """

    regularization: float = 200.0
    content_weight: float = 0.01
    neighbours: int = 50
    popularity_weight: float = 0.02


class HybridRecommender:
    """See the module; passes the recommender contract.

    Args:
        config: Settings.
        catalogue: The items.
        scale: Scale of the ratings.
        ease: float32 [n_items, n_items] from :func:`~retriever.recommenders.ease.ease_matrix`.
        content: Sparse [n_items, n_items] from :func:`~retriever.recommenders.content.content_matrix`.
        popularity: float32 [n_items], an item's likes over those of the most liked item, 0 to 1.
    """

    name = "hybrid"

    def __init__(
        self,
        config: HybridConfig,
        catalogue: Catalogue,
        scale: ValueScale,
        ease: Scores,
        content: csr_array,
        popularity: Scores,
    ) -> None:
        self.config = config
        self.catalogue = catalogue
        self.scale = scale
        self.popularity = popularity
        self.ease = LinearRecommender("ease", catalogue, scale, ease)
        self.content = LinearRecommender("content", catalogue, scale, content)

    @classmethod
    def fit(
        cls,
        catalogue: Catalogue,
        scale: ValueScale,
        liked: csr_array,
        embeddings: Embeddings,
        config: HybridConfig,
    ) -> HybridRecommender:
        """Fit on who liked what.

        Args:
            catalogue: The items.
            scale: Scale of the ratings.
            liked: Sparse [n_users, n_items], 1 where the user likes the item.
            embeddings: float32 [n_items, dimensions], rows of length 1, in the catalogue's order.
            config: Settings.
        """
        likes = np.asarray(liked.sum(axis=0), dtype=np.float32).ravel()
        popularity = likes / max(1.0, float(likes.max(initial=0.0)))
        ease = ease_matrix(liked, config.regularization)
        return cls(config, catalogue, scale, ease, content_matrix(embeddings, config.neighbours), popularity)

    @property
    def base(self) -> Scores:
        """The score of every item for an empty history, float32 [n_items]."""
        return np.asarray(self.config.popularity_weight * self.popularity, dtype=np.float32)

    def scores(self, histories: Sequence[History]) -> Scores:
        """Return float32 [n_histories, n_items] (see :class:`~retriever.recommenders.base.Recommender`)."""
        content = self.config.content_weight * self.content.scores(histories)
        return np.asarray(self.ease.scores(histories) + content + self.base, dtype=np.float32)

    def contributions(self, history: History, item: str) -> Scores:
        """Return float32 [n_behaviours] (see :class:`~retriever.recommenders.base.Recommender`)."""
        content = self.config.content_weight * self.content.contributions(history, item)
        return np.asarray(self.ease.contributions(history, item) + content, dtype=np.float32)
