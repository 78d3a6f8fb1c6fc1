"""Plain counts that a reason can quote: who liked what, and who liked both."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array, csr_array

from retriever.recommenders.catalogue import Catalogue


class LikeCounts:
    """Counts over the users a recommender was fitted on.

    Args:
        catalogue: The items.
        liked: Sparse [n_users, n_items], 1 where the user likes the item; users carry no names here.
    """

    def __init__(self, catalogue: Catalogue, liked: csr_array) -> None:
        self.catalogue = catalogue
        self.liked = csc_array(liked)
        self.likes = np.diff(self.liked.indptr)

    def widened(self, size: int) -> csr_array:
        """Return the counts' matrix for a catalogue of ``size`` items, of which nobody likes the new ones yet."""
        indptr = np.append(self.liked.indptr, np.full(size - self.liked.shape[1], self.liked.indptr[-1]))
        return csr_array(csc_array((self.liked.data, self.liked.indices, indptr), shape=(self.liked.shape[0], size)))

    def together(self, item: str, other: str) -> tuple[int, int]:
        """Return (n, m): of the m users who liked ``item``, n also liked ``other``."""
        first, second = self._fans(item), self._fans(other)
        return len(np.intersect1d(first, second, assume_unique=True)), len(first)

    def popularity(self, item: str) -> tuple[int, int]:
        """Return (n, m): n of m users liked the item."""
        return len(self._fans(item)), self.liked.shape[0]

    def share_liking(self, item: str) -> float:
        """Return the share of all users who liked the item, 0 to 1."""
        liked, users = self.popularity(item)
        return liked / users if users else 0.0

    def is_among_most_liked(self, item: str, share: float) -> bool:
        """Return whether the item is in the given share of the catalogue that has the most likes."""
        mine = self.likes[self.catalogue.position(item)]
        return bool(mine > 0 and np.count_nonzero(self.likes > mine) < share * len(self.catalogue))

    def _fans(self, item: str) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        column = self.catalogue.position(item)
        fans: np.ndarray[tuple[int], np.dtype[np.int32]] = self.liked.indices[
            self.liked.indptr[column] : self.liked.indptr[column + 1]
        ]
        return fans
