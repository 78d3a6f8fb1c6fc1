"""How long to wait before another request: exponential backoff with full jitter, and what ``Retry-After`` says.

Full jitter draws uniformly from zero to the limit, which spreads clients that failed together (Brooker, "Exponential
Backoff And Jitter", AWS 2015).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Retry:
    """When to try again.

    Attributes:
        tries: Requests at most, the first included.
        base_s: Upper limit of the first pause, seconds; doubled for each further one.
        most_s: Upper limit of every pause, seconds.
    """

    tries: int = 3
    base_s: float = 0.25
    most_s: float = 4.0

    def pause_s(self, tried: int, asked_s: float | None, random: Callable[[], float]) -> float:
        """Return seconds to wait after ``tried`` requests; never less than the server asked for.

        Args:
            tried: Requests so far, at least 1.
            asked_s: What ``Retry-After`` says, None if it says nothing.
            random: Draws from [0, 1).
        """
        # The exponent is held so that no number of tries overflows a float.
        drawn = random() * min(self.most_s, self.base_s * 2.0 ** min(tried - 1, 60))
        return drawn if asked_s is None else asked_s + drawn


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for (RFC 9110, 10.2.3), None if it says nothing usable."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            date = parsedate_to_datetime(header)
        except (ValueError, OverflowError):
            return None
        seconds = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
