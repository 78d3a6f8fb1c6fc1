"""Plain counts that a reason can quote: who liked what, and who liked both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, triu, vstack

from retriever.data import Behaviour, BehaviourKind, Polarity, ValueScale
from retriever.recommenders.base import Arrays
from retriever.recommenders.catalogue import Catalogue

FEWEST = 5
"""Two items that fewer people like both are counted as liked by nobody: so few might be told from the count."""
_BLOCK = 2048


class LikeCounts:
    """Counts over the users a recommender was fitted on, and nothing of anybody; of two items from :data:`FEWEST` on.

    Args:
        catalogue: The items.
        likes: int64 [n_items], how many like each.
        both: Sparse int32 [n_items, n_items], how many like both; above the diagonal only.
        people: How many people there are,
        active: and how many of them like anything.
    """

    def __init__(
        self, catalogue: Catalogue, likes: npt.NDArray[np.int64], both: csr_array, people: int, active: int
    ) -> None:
        self.catalogue = catalogue
        self.likes = likes
        self.people = people
        self._both = both
        self._active = active

    @classmethod
    def of(cls, catalogue: Catalogue, liked: csr_array) -> LikeCounts:
        """Return the counts of who likes what.

        Args:
            catalogue: The items.
            liked: Sparse [n_users, n_items], stored where the user likes the item (or bought it, read it: whatever is
                counted).
        """
        ones = csr_array((np.ones(len(liked.indices), np.int32), liked.indices, liked.indptr), shape=liked.shape)
        likes = np.bincount(liked.indices, minlength=len(catalogue))
        return cls(catalogue, likes, _both(ones), liked.shape[0], int(np.count_nonzero(np.diff(liked.indptr))))

    def arrays(self) -> Arrays:
        """Return all that was counted, as arrays."""
        return {"likes": self.likes, "both": self._both, "people": np.array([self.people, self._active])}

    @classmethod
    def restore(cls, catalogue: Catalogue, arrays: Arrays) -> LikeCounts:
        """Return what gave these arrays."""
        people, active = np.asarray(arrays["people"]).tolist()
        return cls(catalogue, np.asarray(arrays["likes"]), csr_array(arrays["both"]), people, active)

    def extended(self, catalogue: Catalogue) -> LikeCounts:
        """Return the counts over a catalogue with new items behind the old ones, which nobody likes yet."""
        new, both = len(catalogue) - len(self.likes), self._both
        indptr = np.append(both.indptr, np.full(new, both.indptr[-1]))
        wider = csr_array((both.data, both.indices, indptr), shape=(len(catalogue), len(catalogue)))
        return LikeCounts(catalogue, np.append(self.likes, np.zeros(new, np.int64)), wider, self.people, self._active)

    def together(self, item: str, other: str) -> tuple[int, int]:
        """Return (n, m): of the m users who liked ``item``, n also liked ``other``; 0 for fewer than are counted."""
        mine, theirs = self.catalogue.position(item), self.catalogue.position(other)
        m = int(self.likes[mine])
        if mine == theirs:
            return m, m
        row, column = sorted((mine, theirs))
        start, end = self._both.indptr[row : row + 2]
        found = start + int(np.searchsorted(self._both.indices[start:end], column))
        return int(self._both.data[found]) if found < end and self._both.indices[found] == column else 0, m

    def popularity(self, item: str) -> tuple[int, int]:
        """Return (n, m): n of m users liked the item."""
        return int(self.likes[self.catalogue.position(item)]), self.people

    def share_liking(self, item: str) -> float:
        """Return the share who liked the item of those who liked anything, 0 to 1."""
        return float(self.likes[self.catalogue.position(item)]) / self._active if self._active else 0.0

    def is_among_most_liked(self, item: str, share: float) -> bool:
        """Return whether the item is in the given share of the catalogue that has the most likes."""
        mine = self.likes[self.catalogue.position(item)]
        return bool(mine > 0 and np.count_nonzero(self.likes > mine) < share * len(self.catalogue))


def _both(ones: csr_array) -> csr_array:
    """Return how many like both of two items, above the diagonal; in blocks of items, for most pairs are of few."""
    by_item = csr_array(ones.T)
    blocks = []
    for start in range(0, by_item.shape[0], _BLOCK):
        block = triu(by_item[start : start + _BLOCK] @ ones, k=start + 1, format="coo")
        kept = block.data >= FEWEST
        blocks.append(
            csr_array((block.data[kept], (block.row[kept], block.col[kept])), shape=block.shape, dtype=np.int32)
        )
    both = csr_array(vstack(blocks, format="csr"))
    both.sort_indices()
    return both


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
    return {kind: LikeCounts.of(catalogue, _ones(pairs.get(kind, set()), shape)) for kind in sorted(counted)}


def _ones(pairs: set[tuple[int, int]], shape: tuple[int, int]) -> csr_array:
    rows, columns = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
    return csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
