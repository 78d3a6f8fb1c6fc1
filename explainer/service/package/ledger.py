"""The entries that a package says the log has: held against the log as it is read."""

from __future__ import annotations

import hashlib
from array import array
from datetime import datetime

import numpy as np

from explainer.audit.entries import entry_line, leaf_of
from explainer.audit.merkle import HASH_BYTES, leaf_hash
from explainer.audit.verify import LogEntry
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.proofs import ABOUT_RECORDS


class Names:
    """A set of ids that takes eight bytes for each, once it is closed: the beginnings of their hashes."""

    def __init__(self) -> None:
        self._told = array("Q")
        self._names = np.empty(0, dtype=np.uint64)

    def add(self, name: str) -> None:
        """Put an id into the set."""
        self._told.append(_short(name))

    def close(self) -> None:
        """Say that there are no more."""
        self._names = np.unique(np.frombuffer(self._told, dtype=np.uint64)) if self._told else self._names
        self._told = array("Q")

    def __len__(self) -> int:
        return len(self._names)

    def place(self, name: str) -> int | None:
        """Return the place of an id in the set, from 0; None where it is not in it."""
        short = np.uint64(_short(name))
        place = int(np.searchsorted(self._names, short))
        return place if place < len(self._names) and self._names[place] == short else None


class Ledger:
    """See the module; 40 bytes an entry in memory, and eight for what it is about."""

    def __init__(self) -> None:
        self._seqs, self._leaves = array("q"), bytearray()
        self._about = Names()
        self._order, self._sorted = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        self._place = 0

    def __len__(self) -> int:
        return len(self._seqs)

    def expect(self, seq: int, at: datetime, event: str, record_id: str, digest: str) -> None:
        """Say that the log must have an entry, and no other of its number."""
        self._seqs.append(seq)
        self._leaves += leaf_of(seq, at, event, record_id, digest)

    def cover(self, reference: str) -> None:
        """Say that all entries about something were told."""
        self._about.add(reference)

    def close(self) -> None:
        """Say that all is told, and the log comes."""
        self._about.close()
        seqs = np.asarray(self._seqs, dtype=np.int64)
        self._order = np.argsort(seqs, kind="stable")
        self._sorted = seqs[self._order]

    def hold(self, entry: LogEntry) -> None:
        """Look at the log's next entry.

        Raises:
            PackageTamperError: If it is another than was told, or one that was not told.
        """
        told = False
        while self._place < len(self._sorted) and self._sorted[self._place] == entry.seq:
            self._require_leaf(entry, int(self._order[self._place]))
            self._place, told = self._place + 1, True
        if not told and entry.event in ABOUT_RECORDS and self._about.place(entry.record_id) is not None:
            raise _wrong(
                entry.seq,
                f"Entry {entry.seq} of the log ({entry.event}) is about {entry.record_id}, which is here, and its "
                "record does not list it.",
            )

    def end(self) -> None:
        """Say that the log has ended.

        Raises:
            PackageTamperError: If an entry that was told has not come.
        """
        if self._place < len(self._sorted):
            seq = int(self._sorted[self._place])
            raise _wrong(seq, f"Something here has entry {seq}, and the log has none of that number.")

    def _require_leaf(self, entry: LogEntry, place: int) -> None:
        told = bytes(self._leaves[place * HASH_BYTES : (place + 1) * HASH_BYTES])
        if told != leaf_hash(entry_line(*entry[:5])):
            raise _wrong(entry.seq, f"Entry {entry.seq} of the log is another than is told here.")


def _short(one: str) -> int:
    return int.from_bytes(hashlib.sha256(one.encode("utf-8", "surrogatepass")).digest()[:8])


def _wrong(seq: int, message: str) -> PackageTamperError:
    return PackageTamperError(PackageFault.RECORD, f"entry {seq}", message)
