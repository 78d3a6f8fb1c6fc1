"""Is a log the one that its checkpoints vouch for? Offline, in constant memory, from a database or an export.

Every entry's hash is computed anew, numbers must follow one another, and the tree that grows out of the hashes must
have, at the size of every checkpoint, the root that was signed. So an edit, a deletion, an insertion or another order
is found at the entry; and whoever made all of that fit together is found at the first checkpoint after it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from explainer.audit.checkpoints import Checkpoint
from explainer.audit.entries import entry_line
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import Node, Tree, leaf_hash

OnProgress = Callable[[int], None]
_EVERY = 10_000


class Fault(StrEnum):
    """What is wrong with a log."""

    ALTERED = "altered"
    MISSING = "missing"
    ORDER = "out of order"
    TRUNCATED = "truncated"
    FORKED = "forked"
    NODE = "tree node altered"


class TamperError(VerificationError):
    """A log is not what it was.

    Attributes:
        fault: What is wrong.
        seq: Number of the first bad entry, as near as can be told.
    """

    def __init__(self, fault: Fault, seq: int, message: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.seq = seq


class Nodes(Protocol):
    """The nodes that are stored."""

    def __call__(self, node: Node) -> None:
        """Compare one, and raise TamperError if it differs."""

    def end(self) -> None:
        """Raise TamperError if there are more."""


class LogEntry(NamedTuple):
    """An entry as it is kept.

    Attributes:
        seq: Its number.
        at: When, as ``moment_of`` writes it.
        event: What happened,
        record_id: to which record,
        digest: and the digest of that.
        leaf: The hash that is kept beside it, hexadecimal; None where none is, as in an export.
    """

    seq: int
    at: str
    event: str
    record_id: str
    digest: str
    leaf: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """What holds.

    Attributes:
        entries: Entries that were looked at; all of them fit.
        root: The root over them, hexadecimal.
        checkpoints: Checkpoints that they fit,
        vouched: and the size of the last of these: what came after it, nobody has signed yet.
    """

    entries: int
    root: str
    checkpoints: int
    vouched: int

    @property
    def unsigned(self) -> int:
        """Entries that nobody has signed yet, at the end."""
        return self.entries - self.vouched

    @property
    def signed(self) -> bool:
        """Whether somebody has signed all of it."""
        return self.checkpoints > 0 and not self.unsigned


def verify(
    entries: Iterable[LogEntry],
    checkpoints: Iterable[Checkpoint],
    nodes: Nodes | None = None,
    on_progress: OnProgress = lambda _: None,
) -> Verified:
    """Hold a log against its checkpoints.

    Args:
        entries: All of it, in order.
        checkpoints: Signed ones that were verified, by size.
        nodes: Is shown every node of the tree above the leaves, to compare it with the stored one.
        on_progress: Called with the number of entries done, now and then.

    Raises:
        TamperError: At the first thing that is wrong.
        VerificationError: If a checkpoint cannot be read.
    """
    tree, vouching = Tree(), _Vouching(iter(checkpoints))
    vouching.hold(tree)
    for entry in entries:
        if entry.seq != tree.size + 1 or type(entry.seq) is not int:
            raise _misplaced(entry.seq, tree.size)
        made = tree.append(_leaf(entry))
        if nodes is not None:
            for node in made[1:]:  # the first is the leaf
                nodes(node)
        vouching.hold(tree)
        if tree.size % _EVERY == 0:
            on_progress(tree.size)
    vouching.end(tree.size)
    if nodes is not None:
        nodes.end()
    on_progress(tree.size)
    return Verified(tree.size, tree.root().hex(), vouching.count, vouching.vouched)


class _Vouching:
    """Walks along the checkpoints as the tree grows."""

    def __init__(self, checkpoints: Iterator[Checkpoint]) -> None:
        self._checkpoints = checkpoints
        self._next = next(checkpoints, None)
        self.count = 0
        self.vouched = 0

    def hold(self, tree: Tree) -> None:
        while self._next is not None and self._next.size <= tree.size:
            if self._next.size < tree.size or not hmac.compare_digest(self._next.root, tree.root()):
                raise TamperError(
                    Fault.FORKED,
                    self.vouched + 1,
                    f"The log is another than the one that was signed at {self._next.size} entries: of entries "
                    f"{self.vouched + 1} to {self._next.size} at least one was altered, exchanged or moved.",
                )
            self.count, self.vouched = self.count + 1, self._next.size
            self._next = next(self._checkpoints, None)

    def end(self, size: int) -> None:
        if self._next is not None:
            raise TamperError(
                Fault.TRUNCATED,
                size + 1,
                f"The log ends at entry {size}; {self._next.size} were signed"
                + (f" on {self._next.at}." if self._next.at else "."),
            )


def _misplaced(seq: object, before: int) -> TamperError:
    if type(seq) is not int:  # SQLite takes anything for a number where the table was made anew
        return TamperError(Fault.ORDER, before + 1, f"After entry {before} stands one with {seq!r} for a number.")
    if seq > before + 1:
        return TamperError(Fault.MISSING, before + 1, f"Entry {before + 1} is missing: {seq} comes after {before}.")
    return TamperError(Fault.ORDER, seq, f"Entry {seq} follows {before}: it is there twice, or moved.")


def _leaf(entry: LogEntry) -> bytes:
    try:
        leaf = leaf_hash(entry_line(*entry[:5]))
    except (ValueError, TypeError) as error:
        raise TamperError(Fault.ALTERED, entry.seq, f"Entry {entry.seq} was altered: it cannot be hashed.") from error
    if entry.leaf is not None and entry.leaf != leaf.hex():
        raise TamperError(
            Fault.ALTERED, entry.seq, f"Entry {entry.seq} was altered: its hash is not the one that was kept beside it."
        )
    return leaf
