"""Making many objects that all stay, or go by themselves."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_MADE_BEFORE_A_LOOK = 10_000


@contextmanager
def uncollected() -> Iterator[None]:
    """Do not look for cycles in the block: looking through millions that stay takes as long as making them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def collect_seldom() -> None:
    """Look for cycles once in 10,000 new objects, not in 700: imports make what stays, requests what goes by itself."""
    gc.set_threshold(_MADE_BEFORE_A_LOOK)
