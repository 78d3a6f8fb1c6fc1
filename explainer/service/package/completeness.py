"""Is all here that the log says was made in the time of a search? Two cases can be judged from outside.

Where nothing but time narrows the search, every explanation that was made in it is in the package, or among the ids
that a sample was drawn from, or was removed, as a removal says that the log vouches for. Where a user, a language or
anything else narrows it, only the service knows what would have been found: a log has no personal text.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from explainer.audit.verify import LogEntry
from explainer.service.package import manifest as names
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.ledger import Names
from explainer.service.package.manifest import Manifest
from explainer.service.package.removals import Removed
from explainer.storage.ids import span_of
from explainer.storage.listing import Search

MADE = "explanation.created"
_LONGEST_ID = 300
# Explanations from before ids told their time: from the making of one to its entry it was never longer.
_LONGEST = timedelta(minutes=10)


class Completeness:
    """Is shown every entry of the log, in order.

    Args:
        manifest: What the package says of itself.
        here: The explanations that are in it; of a sample, those that it was drawn from.
        removed: What was removed.

    Attributes:
        made: How many explanations were made in the time of the search,
        gone: and how many of these were removed since.
        is_judged: Whether it can be told that none is missing.
    """

    def __init__(self, manifest: Manifest, here: Names, removed: Removed) -> None:
        self.made = self.gone = 0
        self.is_judged = not narrows(manifest.search)
        self._manifest, self._here, self._removed = manifest, here, removed
        self._seen = np.zeros(len(here), dtype=bool)
        self._missing: list[tuple[int, str]] = []
        self._missed = 0
        search = manifest.search
        self._since = datetime.min.replace(tzinfo=UTC) if search.since is None else search.since
        self._until = datetime.max.replace(tzinfo=UTC) if search.until is None else search.until

    def take(self, entry: LogEntry) -> None:
        """Look at an entry."""
        if entry.event != MADE:
            return
        place = self._here.place(entry.record_id)
        if place is not None:
            self._seen[place] = True
        earliest, latest = self._span(entry)
        in_time = self._since <= earliest and latest <= self._until
        self.made += in_time
        if place is None and in_time and self._is_removed(entry):
            self.gone += 1
        elif place is None and in_time and self.is_judged:
            self._missed += 1
            self._missing += [] if self._missing else [(entry.seq, entry.record_id)]

    def end(self) -> None:
        """Say that the log has ended.

        Raises:
            PackageTamperError: If something is missing, or a sample was drawn from what the log does not know.
        """
        if not self._seen.all():
            message = f"{names.IDS} has ids of explanations that the log does not know."
            raise PackageTamperError(PackageFault.SELECTION, names.IDS, message)
        for seq, one in self._missing:
            where = names.RECORDS if self._manifest.sample is None else names.IDS
            more = f", and so do {self._missed - 1:,} more" if self._missed > 1 else ""
            raise PackageTamperError(
                PackageFault.INCOMPLETE,
                f"entry {seq}",
                f"Entry {seq} says that explanation {one} was made in the time of the search{more}: {where} lacks it, "
                "and no erasure or end of its time names it.",
            )

    def _is_removed(self, entry: LogEntry) -> bool:
        at = datetime.fromisoformat(entry.at)
        return self._removed.cover(entry.seq, entry.event, entry.record_id, at)

    def _span(self, entry: LogEntry) -> tuple[datetime, datetime]:
        """Return between which moments an explanation was made, as near as the log tells."""
        told = span_of(entry.record_id)
        if told is not None:
            return told
        at = datetime.fromisoformat(entry.at)
        return at - _LONGEST, at


def narrows(search: Search) -> bool:
    """Return whether anything but time narrows a search."""
    return Search(since=search.since, until=search.until) != search


def pool_of(folder: Path) -> Names:
    """Return the ids that a sample was drawn from.

    Raises:
        OSError: If they cannot be read.
        UnicodeError: If one is no text.
    """
    found = Names()
    with (folder / names.IDS).open("rb") as file:
        while line := file.readline(_LONGEST_ID):
            found.add(line.decode().removesuffix("\n"))
    found.close()
    return found
