"""When something was done, as one says it: "just now", "two days ago", "in March"; never how many years ago.

Nobody's time zone is known here, so elapsed time is told, not "today" or "last week": whether it was yesterday depends
on where the reader's midnight lies.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from babel import Locale
from babel.dates import format_timedelta, get_month_names

_HOUR_S, _DAY_S, _WEEK_DAYS = 3600, 86_400, 7
_ALMOST_A_DAY_H, _MONTH_DAYS, _LONGEST_DAYS = 20, 32, 330
"""Hours up to which it is "a few hours"; days from which the month tells more; days after which it names two years."""
_MANY_UNITS = 10_000  # babel goes over to the next larger unit after so many
_MOMENT = {"en": "just now", "zh": "刚刚"}
_HOURS = {"en": "a few hours ago", "zh": "几小时前"}
_IN_MONTH = {"en": "in {}", "zh": "在{}"}
_SMALL = {
    "en": ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    # As before a measure word: 两部, and not 二部.
    "zh": ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十"),
}


def ago(then: int | None, now: int | None, locale: str) -> str | None:
    """Return when it was, or None where nothing certain can be said: unknown, in the future, or a year ago or more.

    Args:
        then: Unix time in seconds.
        now: Unix time in seconds.
        locale: Language; None for one whose phrases are not known.
    """
    if then is None or now is None or now < then or locale not in _MOMENT:
        return None
    elapsed = now - then
    if elapsed < _ALMOST_A_DAY_H * _HOUR_S:
        return _MOMENT[locale] if elapsed < _HOUR_S else _HOURS[locale]
    days = round(elapsed / _DAY_S)
    if days < _MONTH_DAYS:
        is_week = days >= _WEEK_DAYS
        return _told(round(days / _WEEK_DAYS) if is_week else days, "week" if is_week else "day", locale)
    if days > _LONGEST_DAYS:
        return None
    months = get_month_names("wide", context="format", locale=Locale.parse(locale))
    return _IN_MONTH[locale].format(months[datetime.fromtimestamp(then, UTC).month])


def _told(number: int, unit: Literal["day", "week"], locale: str) -> str:
    elapsed = timedelta(**{f"{unit}s": -number})
    text = format_timedelta(elapsed, granularity=unit, threshold=_MANY_UNITS, add_direction=True, locale=locale)
    said = f"{number} " if locale == "zh" else "a" if number == 1 else small_number(number, locale)
    return text.replace(str(number), said, 1)


def small_number(number: int, locale: str) -> str:
    """Return a number as a sentence has it: in words up to ten."""
    words = _SMALL.get(locale, _SMALL["en"])
    return words[number] if number < len(words) else str(number)
