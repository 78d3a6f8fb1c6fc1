"""How long whoever asked will wait, and whether they still do.

It travels in a context variable, since it concerns the outermost caller (a web request) and the innermost part (the
engine's queue), and nothing between them; a thread that is given the context sees it, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from contextvars import ContextVar


class Call:
    """One caller's patience.

    Args:
        until: Instant on the monotonic clock up to which they wait, seconds; for ever by default.

    Attributes:
        until: The same.
        gone: Done as soon as the caller has gone away.
    """

    def __init__(self, until: float = math.inf) -> None:
        self.until = until
        self.gone: Future[None] = Future()

    def at_most(self, until: float) -> Call:
        """Return the same caller's call with less patience: it ends at ``until``, or when this one does."""
        shorter = Call(min(self.until, until))
        shorter.gone = self.gone
        return shorter

    def abandon(self) -> None:
        """Say that nobody waits any more; from any thread, more than once if need be."""
        with suppress(InvalidStateError):
            self.gone.set_result(None)


_CALL: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def calling(call: Call) -> Iterator[Call]:
    """Do what is in the block on behalf of the call."""
    token = _CALL.set(call)
    try:
        yield call
    finally:
        _CALL.reset(token)


def current_call() -> Call:
    """Return the call that is being served, or one that waits for ever."""
    return _CALL.get() or Call()
