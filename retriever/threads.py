"""How many threads products are shared among."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from threadpoolctl import ThreadpoolController

_INSIDE: ContextVar[bool] = ContextVar("one_thread", default=False)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let one thread do each product in the block: for many small ones, handing out work takes longer.

    On cores that others use as well it takes a hundred times longer: every thread waits for the slowest. The limit is
    the process', so whoever computes in several threads at once puts one block around all of that: what is inside of it
    then changes nothing, and so cannot lift the limit for the others.
    """
    if _INSIDE.get():
        yield
        return
    inside = _INSIDE.set(True)
    try:
        with _controller(len(sys.modules)).limit(limits=1, user_api="blas"):
            yield
    finally:
        _INSIDE.reset(inside)


@lru_cache(maxsize=1)
def _controller(modules: int) -> ThreadpoolController:  # noqa: ARG001  what was imported since may have brought its own
    # Finding the libraries takes milliseconds.
    return ThreadpoolController()
