"""Two shares and how far their difference may lie from what was seen."""

from __future__ import annotations

import math

import msgspec

from explainer.evidence.policy import lowest_share


class Difference(msgspec.Struct, frozen=True):
    """The second share less the first, -1 to 1, and its 95 % interval."""

    difference: float
    low: float
    high: float


def difference(n1: int, m1: int, n2: int, m2: int) -> Difference | None:
    """Return how much larger the share ``n2`` of ``m2`` is than ``n1`` of ``m1``; None where one is a share of nothing.

    Newcombe's hybrid score interval (Statistics in Medicine 1998, method 10): right for small counts and shares near 0
    and 1, where the usual one is not.
    """
    if not m1 or not m2:
        return None
    p1, p2 = n1 / m1, n2 / m2
    (l1, u1), (l2, u2) = _wilson(n1, m1), _wilson(n2, m2)
    d = p2 - p1
    return Difference(d, d - math.hypot(p2 - l2, u1 - p1), d + math.hypot(u2 - p2, p1 - l1))


def _wilson(n: int, m: int) -> tuple[float, float]:
    return lowest_share(n, m), 1 - lowest_share(m - n, m)
