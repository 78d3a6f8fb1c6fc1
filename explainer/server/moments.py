"""Moments in a query: RFC 3339 and nothing else. Litestar would read a number as seconds, and fall over year 10000."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter

MomentParameter = Annotated[str | None, QueryParameter(max_length=40, schema_extra={"format": "date-time"})]


def between(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Return the two moments in UTC, which is also what one without a zone means.

    Raises:
        ValidationException: If one is none, or none that the calendar has in UTC, or if they leave no time.
    """
    begin, end = _moment(since), _moment(until)
    if begin is not None and end is not None and end <= begin:
        raise ValidationException(f"until ({until}) must come after since ({since}).")
    return begin, end


def _moment(given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        at = msgspec.convert(given, datetime)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError) as error:
        raise ValidationException(f"{given!r} is no moment; write it like 2026-01-31T12:00:00Z.") from error
