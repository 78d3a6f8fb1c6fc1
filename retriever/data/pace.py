"""How fast a user goes: the share of behaviours that came in long runs without a slow minute."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_MINUTE_S = 60


def fast_share(times: Sequence[int], per_minute: int, minutes: int) -> float:
    """Return the share of behaviours that lie in runs of fast minutes, 0 to 1.

    Minutes are counted, not gaps between behaviours: people send a page of twenty ratings in one second and import a
    library in five, and times are often whole seconds or whole days. What no person does is to go on like that.

    Args:
        times: Unix seconds in any order.
        per_minute: Behaviours that make a minute of the clock a fast one.
        minutes: Fast minutes on end that make a run.
    """
    if len(times) < per_minute * minutes:
        return 0.0
    numbers, counts = np.unique(np.asarray(times, dtype=np.int64) // _MINUTE_S, return_counts=True)
    fast = counts >= per_minute
    numbers, counts = numbers[fast], counts[fast]
    if not len(numbers):
        return 0.0
    runs = np.split(np.arange(len(numbers)), np.flatnonzero(np.diff(numbers) != 1) + 1)
    in_runs = sum(int(counts[run].sum()) for run in runs if len(run) >= minutes)
    return in_runs / len(times)
