"""Numbers as people read them."""

from __future__ import annotations

import math
from datetime import datetime

_NO_BREAK = "\N{NO-BREAK SPACE}"
_DAY, _MONTH, _YEAR = 1.0, 30.44, 365.25


def percent(share: float) -> str:
    """Return "12 %", "0.4 %", "under 0.1 %" or "over 99.9 %": never 0 or 100 for what is not."""
    number = 100 * share
    if share <= 0 or share >= 1:
        text = f"{number:.0f}"
    elif number < 0.1:  # noqa: PLR2004
        text = "under 0.1"
    elif number > 99.9:  # noqa: PLR2004
        text = "over 99.9"
    else:
        text = f"{number:.0f}" if 10 <= number < 99 else f"{number:.1f}".removesuffix(".0")  # noqa: PLR2004
    return f"{text}{_NO_BREAK}%"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return "1 user" or "1,234 users"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def number(value: float) -> str:
    """Return a figure with no more digits than it deserves: 1,234 or 12.3 or 0.45."""
    if not math.isfinite(value):
        return "none"
    if abs(value) >= 100 or value == int(value):  # noqa: PLR2004
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2g}"  # noqa: PLR2004


def date(moment: datetime | None) -> str:
    """Return "8 March 1998"."""
    return "unknown" if moment is None else f"{moment.day} {moment:%B %Y}"


def span(days: float) -> str:
    """Return a length of time in the unit people would use: "7 months", "22 years", "40 minutes"."""
    for length, noun in ((_YEAR, "year"), (_MONTH, "month"), (_DAY, "day"), (1 / 24, "hour"), (1 / 1440, "minute")):
        if days >= 2 * length or (noun == "minute" and days >= length):
            return count(round(days / length), noun)
    return count(round(days * 86_400), "second")
