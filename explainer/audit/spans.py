"""Which entries removals vouch for, as ranges of their numbers, each with what it may not vouch for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol


class Limit(Protocol):
    """What a removal may have taken; two that say the same are equal."""

    def allows(self, event: str, record_id: str, at: datetime) -> bool:
        """Return whether what an entry is about may have gone in it, as far as the entry tells."""
        ...


Span = tuple[int, int, Limit | None]
"""The first and the last number, and the limit of the removal; None if it may take anything."""


class Spans:
    """Finds the spans that an entry lies in.

    Args:
        found: In any order; they may overlap.
    """

    def __init__(self, found: Iterable[Span]) -> None:
        self._spans: list[Span] = []
        for first, last, limit in sorted(found, key=lambda span: span[:2]):
            before = self._spans[-1] if self._spans else None
            if before is not None and first <= before[1] + 1 and limit == before[2]:
                self._spans[-1] = before[0], max(last, before[1]), limit
            else:
                self._spans.append((first, last, limit))
        self._firsts = [first for first, _, _ in self._spans]
        self._reach: list[int] = []  # up to where any span so far goes: how far back there is anything to find
        for _, last, _ in self._spans:
            self._reach.append(max(last, self._reach[-1]) if self._reach else last)

    def cover(self, seq: int, event: str, record_id: str, at: datetime) -> bool:
        """Return whether a removal that may have taken what an entry is about names its number."""
        place = bisect_right(self._firsts, seq) - 1
        while place >= 0 and self._reach[place] >= seq:
            _, last, limit = self._spans[place]
            if seq <= last and (limit is None or limit.allows(event, record_id, at)):
                return True
            place -= 1
        return False
