"""Measuring: medians, and ratios of what ran side by side."""

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


def side_by_side(first: Callable[[], object], second: Callable[[], object], repeats: int) -> tuple[float, float, float]:
    """Return the median seconds of both, and the median of their ratio, first over second.

    They run in turns, so that a machine that is busy for a while slows both.
    """
    pairs = [(seconds(first), seconds(second)) for _ in range(repeats)]
    firsts, seconds_ = zip(*pairs, strict=True)
    return statistics.median(firsts), statistics.median(seconds_), statistics.median(a / b for a, b in pairs)
