"""Who is being served now: work that nobody waits for gives way to them."""

from __future__ import annotations

import time
from threading import Condition
from typing import Self


class Underway:
    """Counts those who wait for an answer; a block is one of them. Safe to use from several threads.

    Args:
        pause_s: After so many seconds without anybody it is quiet; under load the next one comes sooner.
    """

    def __init__(self, pause_s: float = 0.1) -> None:
        self._pause_s = pause_s
        self._count = 0
        self._left = -pause_s
        self._changed = Condition()

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Count one more."""
        with self._changed:
            self._count += 1

    def end(self) -> None:
        """Count one less."""
        with self._changed:
            self._count -= 1
            self._left = time.monotonic()
            if not self._count:
                self._changed.notify_all()

    def quiet(self, timeout_s: float) -> bool:
        """Wait until it is quiet, at most so many seconds; return whether it is."""
        until = time.monotonic() + timeout_s
        with self._changed:
            while (left := self._still_to_wait()) > 0:
                rest = until - time.monotonic()
                if rest <= 0:
                    return False
                self._changed.wait(min(left, rest))
            return True

    def _still_to_wait(self) -> float:
        """Return the seconds until it is quiet if nobody comes; endless while somebody is there."""
        return float("inf") if self._count else self._left + self._pause_s - time.monotonic()
