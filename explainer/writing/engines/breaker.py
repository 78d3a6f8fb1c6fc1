"""A circuit breaker: after several failures in a row nobody is made to wait for the next one.

Nygard, "Release It!" (2007), chapter 5. Closed: all may pass. Open: nobody, for a while. Half-open: one tries; if that
goes well the breaker closes, else it opens again.

Calls that were under way together when the other side failed say the same thing: they count as one failure.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from explainer.errors import EngineUnavailable


class Breaker:
    """Counts failures in a row; safe to use from several threads.

    Args:
        failures: Failures in a row that open it.
        pause_s: Seconds it stays open before one may try.
        clock: Seconds, monotonic.
    """

    def __init__(self, failures: int = 3, pause_s: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = failures
        self._pause_s = pause_s
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = 0
        self._open_until: float | None = None
        self._trying = False
        self._wave = 0

    @property
    def is_closed(self) -> bool:
        """Whether calls pass without a try first."""
        return not self.why

    @property
    def why(self) -> str:
        """Why calls are refused, or only one is let in to try; empty while it is closed."""
        with self._lock:
            return "" if self._open_until is None else self._told()

    @property
    def is_open(self) -> bool:
        """Whether a call would be refused now."""
        with self._lock:
            return self._refuses()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Run the block as one call: EngineUnavailable counts as a failure, any other way out of it as none.

        Raises:
            EngineUnavailable: If the breaker is open.
        """
        mine, wave = self._enter()
        try:
            yield
        except EngineUnavailable:
            self._failure(mine, wave)
            raise
        except BaseException:
            # Cancelled, or a mistake of the caller: it says nothing about the other side.
            self._leave(mine)
            raise
        self._success()

    def _refuses(self) -> bool:
        return self._open_until is not None and (self._trying or self._clock() < self._open_until)

    def _told(self) -> str:
        return f"failed {self._failed} times in a row; asked again after {self._pause_s:g} s"

    def _enter(self) -> tuple[bool, int]:
        """Return whether this call is the one that tries, and how many waves of failures there were before it."""
        with self._lock:
            if self._refuses():
                raise EngineUnavailable(self._told())
            self._trying = self._open_until is not None
            return self._trying, self._wave

    def _failure(self, mine: bool, wave: int) -> None:  # noqa: FBT001
        with self._lock:
            if wave == self._wave:
                self._failed, self._wave = self._failed + 1, self._wave + 1
            if self._failed >= self._limit and (mine or self._open_until is None):
                self._open_until = self._clock() + self._pause_s
            if mine:
                self._trying = False

    def _leave(self, mine: bool) -> None:  # noqa: FBT001
        with self._lock:
            if mine:
                self._trying = False

    def _success(self) -> None:
        with self._lock:
            self._failed, self._open_until, self._trying = 0, None, False
