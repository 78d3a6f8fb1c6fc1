"""How many threads products are shared among."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[Any]:
    """Return a context in which one thread does each product: for many small ones, handing out work takes longer.

    On cores that others use as well it takes a hundred times longer: every thread waits for the slowest.
    """
    limited: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limited


@cache
def _controller() -> ThreadpoolController:
    # Finding the libraries takes milliseconds.
    return ThreadpoolController()
