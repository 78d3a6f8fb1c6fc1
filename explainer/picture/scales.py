"""Where an axis ends."""

from __future__ import annotations

import math

_STEPS = (1.0, 2.0, 5.0, 10.0)
_SMALLEST_SHARE = 0.01


def nice_top(largest: float, whole: bool) -> float:  # noqa: FBT001  one word says it
    """Return the end of an axis from 0: the next 1, 2 or 5 times a power of ten.

    Args:
        largest: The largest value, at least 0.
        whole: Whether values are counts; then it is 1 at least, else 0.01.
    """
    least = 1.0 if whole else _SMALLEST_SHARE
    power = 10.0 ** math.floor(math.log10(max(largest, least)))
    return next(step * power for step in _STEPS if step * power >= max(largest, least) * (1 - 1e-9))
