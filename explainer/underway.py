"""Who is being served now: work that nobody waits for gives way to them."""

from __future__ import annotations

from threading import Condition
from typing import Self


class Underway:
    """Counts those who wait for an answer; a block is one of them. Safe to use from several threads."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = Condition()

    def __enter__(self) -> Self:
        with self._changed:
            self._count += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            if not self._count:
                self._changed.notify_all()

    def quiet(self, timeout_s: float) -> bool:
        """Wait until nobody waits for an answer, at most so many seconds; return whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._count, timeout_s)
