"""One thing to look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing to look at.

    Attributes:
        weight: How much it matters, 0 to 100; orders the list.
        headline: One sentence with its number.
        detail: What follows from it, or what to do.
    """

    weight: float
    headline: str
    detail: str
