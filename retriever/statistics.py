"""Plain counts that a reason can quote: who liked what, and who liked both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from scipy.sparse import csc_array, csr_array

from retriever.data import Behaviour, BehaviourKind, Polarity, ValueScale
from retriever.recommenders.catalogue import Catalogue


class LikeCounts:
    """Counts over the users a recommender was fitted on.

    Args:
        catalogue: The items.
        liked: Sparse [n_users, n_items], 1 where the user likes the item (or bought it, read it: whatever is counted);
            users carry no names here.
    """

    def __init__(self, catalogue: Catalogue, liked: csr_array) -> None:
        self.catalogue = catalogue
        self.liked = csc_array(liked)
        self.likes = np.diff(self.liked.indptr)
        self._people = len(np.unique(self.liked.indices))

    def extended(self, catalogue: Catalogue) -> LikeCounts:
        """Return the counts over a catalogue with new items behind the old ones, which nobody likes yet."""
        indptr = np.append(self.liked.indptr, np.full(len(catalogue) - self.liked.shape[1], self.liked.indptr[-1]))
        shape = (self.liked.shape[0], len(catalogue))
        return LikeCounts(catalogue, csr_array(csc_array((self.liked.data, self.liked.indices, indptr), shape=shape)))

    def together(self, item: str, other: str) -> tuple[int, int]:
        """Return (n, m): of the m users who liked ``item``, n also liked ``other``."""
        first, second = self._fans(item), self._fans(other)
        return len(np.intersect1d(first, second, assume_unique=True)), len(first)

    def popularity(self, item: str) -> tuple[int, int]:
        """Return (n, m): n of m users liked the item."""
        return len(self._fans(item)), self.liked.shape[0]

    def share_liking(self, item: str) -> float:
        """Return the share who liked the item of those who liked anything, 0 to 1."""
        return len(self._fans(item)) / self._people if self._people else 0.0

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


PeopleCounts = Mapping[BehaviourKind, LikeCounts]
"""Counts by what they count: ``LIKE`` for people who liked an item, another kind for those who did that with it."""


def counted_as(kind: BehaviourKind, value: float | None) -> BehaviourKind:
    """Return which counts a behaviour goes into: a like or a rating says what people like, all else what they did."""
    return BehaviourKind.LIKE if value is not None else kind


def counts_by_kind(
    catalogue: Catalogue, behaviours: Iterable[Behaviour], scale: ValueScale
) -> dict[BehaviourKind, LikeCounts]:
    """Return the counts of every kind that behaviours are counted as.

    "Liked" counts likes and good ratings; "bought" counts purchases, with a rating or without; and so on.

    Args:
        catalogue: The items; behaviours on others are left out.
        behaviours: All behaviours of all users.
        scale: Scale of the ratings.
    """
    users: dict[str, int] = {}
    pairs: dict[BehaviourKind, set[tuple[int, int]]] = {}
    counted = set()
    for b in behaviours:
        row = users.setdefault(b.user, len(users))
        if b.item not in catalogue:
            continue
        counted.add(counted_as(b.kind, b.value))
        done = {b.kind} - {BehaviourKind.LIKE}
        if counted_as(b.kind, b.value) is BehaviourKind.LIKE and scale.polarity(b) is Polarity.POSITIVE:
            done.add(BehaviourKind.LIKE)
        for kind in done:
            pairs.setdefault(kind, set()).add((row, catalogue.position(b.item)))
    shape = (len(users), len(catalogue))
    return {kind: LikeCounts(catalogue, _ones(pairs.get(kind, set()), shape)) for kind in sorted(counted)}


def _ones(pairs: set[tuple[int, int]], shape: tuple[int, int]) -> csr_array:
    rows, columns = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
    return csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
