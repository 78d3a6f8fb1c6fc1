"""A circuit breaker: after several failures in a row nobody is made to wait for the next one.

Nygard, "Release It!" (2007), chapter 5. Closed: all may pass. Open: nobody, for a while. Half-open: one tries; if that
goes well the breaker closes, else it opens again.
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
        mine = self._enter()
        try:
            yield
        except EngineUnavailable:
            self._failure(mine)
            raise
        except BaseException:
            # Cancelled, or a mistake of the caller: it says nothing about the other side.
            self._leave(mine)
            raise
        self._success()

    def _refuses(self) -> bool:
        return self._open_until is not None and (self._trying or self._clock() < self._open_until)

    def _enter(self) -> bool:
        """Return whether this call is the one that tries."""
        with self._lock:
            if self._refuses():
                raise EngineUnavailable(f"failed {self._failed} times in a row; asked again after {self._pause_s:g} s")
            self._trying = self._open_until is not None
            return self._trying

    def _failure(self, mine: bool) -> None:  # noqa: FBT001
        with self._lock:
            self._failed += 1
            if self._failed >= self._limit:
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
