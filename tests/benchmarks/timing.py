"""Measuring: medians, also of two things in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

REPEATS = 5


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median_s(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median seconds of several runs."""
    return statistics.median(seconds(work) for _ in range(repeats))


def side_by_side(first: Callable[[], object], second: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the median seconds of both; they run in turns, so that a machine that is busy for a while slows both."""
    pairs = [(seconds(first), seconds(second)) for _ in range(repeats)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
