"""The Merkle tree of RFC 6962 (section 2.1): one hash for a whole log, and short proofs of what is in it.

Nothing here knows of entries or databases. A tree is told its leaves' hashes one after another and keeps only the roots
of its complete subtrees, at most one per bit of its size; proofs are made from the hashes of complete subtrees, each of
which is final once it exists. A subtree is named by its level (0 is a leaf) and its place among those of that level.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

HASH_BYTES = 32
_LEAF, _NODE = b"\x00", b"\x01"
EMPTY_ROOT = hashlib.sha256().digest()
"""The root of a log without entries."""

Node = tuple[int, int, bytes]
"""Level, place and hash of a complete subtree."""
Subtree = Callable[[int, int], bytes]
"""Returns the hash of the complete subtree at a level and place."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf, 32 bytes."""
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node above two others, 32 bytes."""
    return hashlib.sha256(_NODE + left + right).digest()


@dataclass
class Tree:
    """A tree that grows; see the module.

    Attributes:
        size: How many leaves it has.
        peaks: Roots of its complete subtrees, the largest first: one for every bit that is set in ``size``.
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[Node]:
        """Add the hash of a leaf and return the subtrees that are complete now, from the leaf upwards."""
        place, level, digest = self.size, 0, leaf
        made: list[Node] = [(level, place, digest)]
        while place & 1:
            digest = node_hash(self.peaks.pop(), digest)
            level, place = level + 1, place >> 1
            made.append((level, place, digest))
        self.peaks.append(digest)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Return the root, 32 bytes."""
        return _joined(self.peaks) if self.peaks else EMPTY_ROOT


def peaks_of(size: int) -> list[tuple[int, int]]:
    """Return level and place of the complete subtrees of a tree, the largest first."""
    found, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that a leaf is in a tree, the lowest hash first.

    Args:
        index: The leaf's place, from 0.
        size: Leaves of the tree.
        subtree: Knows the complete subtrees.

    Raises:
        ValueError: If there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} leaves has none at {index}.")
    start, end = 0, size
    proof: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, subtree))
            end = middle
        else:
            proof.append(_range_root(start, middle, subtree))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that a tree has grown out of an earlier one, in the order of RFC 6962.

    Args:
        old: Leaves of the earlier tree.
        new: Leaves of the later one.
        subtree: Knows the complete subtrees of the later one.

    Raises:
        ValueError: If the later one is smaller.
    """
    if not 0 <= old <= new:
        raise ValueError(f"A tree of {new} leaves cannot have grown out of one of {old}.")
    if old in {0, new}:
        return []
    start, end, whole = 0, new, True
    proof: list[bytes] = []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_root(middle, end, subtree))
            end = middle
        else:
            proof.append(_range_root(start, middle, subtree))
            start, whole = middle, False
    return ([] if whole else [_range_root(start, end, subtree)]) + proof[::-1]


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the root that a proof leads to from a leaf's hash; None if it cannot be a proof of this leaf and size."""
    if not 0 <= index < size:
        return None
    digest, last = leaf, size - 1
    for sibling in proof:
        if not last:
            return None
        if index & 1 or index == last:
            digest = node_hash(sibling, digest)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        index, last = index >> 1, last >> 1
    return None if last else digest


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether a proof shows that a leaf is at its place in the tree of a root (RFC 9162, 2.1.3.2)."""
    found = root_from_inclusion(leaf, index, size, proof)
    return found is not None and hmac.compare_digest(found, root)


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether a proof shows that the tree of one root has grown into that of another (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and hmac.compare_digest(old_root, new_root)
    if old == 0:
        return not proof and hmac.compare_digest(old_root, EMPTY_ROOT)
    hashes = iter(proof if old & (old - 1) else [old_root, *proof])
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = next(hashes, None)
    if first is None:
        return False
    earlier = later = first
    for sibling in hashes:
        if not last:
            return False
        if at & 1 or at == last:
            earlier, later = node_hash(sibling, earlier), node_hash(sibling, later)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            later = node_hash(later, sibling)
        at, last = at >> 1, last >> 1
    return not last and hmac.compare_digest(earlier, old_root) and hmac.compare_digest(later, new_root)


def subtrees_needed(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield level and place of the complete subtrees that a range of leaves is made of, from left to right."""
    while start < end:
        level = min((start & -start).bit_length() - 1 if start else end.bit_length(), (end - start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def _range_root(start: int, end: int, subtree: Subtree) -> bytes:
    """Return the root over a range of leaves that begins where a subtree of its size may begin."""
    return _joined([subtree(level, place) for level, place in subtrees_needed(start, end)])


def _joined(peaks: Sequence[bytes]) -> bytes:
    digest = peaks[-1]
    for peak in reversed(peaks[:-1]):
        digest = node_hash(peak, digest)
    return digest


def _split(size: int) -> int:
    """Return the largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1
