"""Moments in a query: RFC 3339 and nothing else. Litestar would read a number as seconds, and fall over year 10000."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter

MomentParameter = Annotated[str | None, QueryParameter(max_length=40, schema_extra={"format": "date-time"})]


def moment(given: str | None) -> datetime | None:
    """Return the moment in UTC, which is also what one without a zone means.

    Raises:
        ValidationException: If it is none, or none that the calendar has in UTC.
    """
    if given is None:
        return None
    try:
        at = msgspec.convert(given, datetime)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError) as error:
        raise ValidationException(f"{given!r} is no moment; write it like 2026-01-31T12:00:00Z.") from error
