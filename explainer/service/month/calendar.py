"""A calendar month in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

from explainer.errors import SearchError

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_FIRST_YEAR, _LAST_YEAR, _MONTHS = 1970, 9998, 12


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month; ``number`` is from 1 to 12."""

    year: int
    number: int

    @classmethod
    def of(cls, told: str) -> Self:
        """Return the month of e.g. ``2026-11``.

        Raises:
            SearchError: If it is none.
        """
        match = _MONTH.fullmatch(told)
        year, number = (int(match[1]), int(match[2])) if match else (0, 0)
        if not match or not _FIRST_YEAR <= year <= _LAST_YEAR or not 1 <= number <= _MONTHS:
            raise SearchError(f"A month is written as 2026-11; {told[:20]!r} is none.")
        return cls(year, number)

    @classmethod
    def at(cls, moment: datetime) -> Self:
        """Return the month of a moment."""
        there = moment.astimezone(UTC)
        return cls(there.year, there.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def since(self) -> datetime:
        """The first moment of it."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return self.next.since

    @property
    def next(self) -> Month:
        """The month after it."""
        return Month(self.year + self.number // _MONTHS, self.number % _MONTHS + 1)

    @property
    def before(self) -> Month:
        """The month before it."""
        return Month.at(self.since - timedelta(days=1))

    @property
    def is_first(self) -> bool:
        """Whether it is the first of which anything can be told."""
        return (self.year, self.number) == (_FIRST_YEAR, 1)

    def require_begun(self, present: datetime) -> None:
        """Refuse a month of which there is nothing to tell yet.

        Raises:
            SearchError: If it has not begun.
        """
        if present < self.since:
            raise SearchError(f"The month {self} has not begun; the last that can be told of is {Month.at(present)}.")

    def days(self, present: datetime) -> list[date]:
        """Return its days up to the present one."""
        end = min(self.until - timedelta(days=1), present.astimezone(UTC)).date()
        return [self.since.date() + timedelta(days=n) for n in range((end - self.since.date()).days + 1)]
