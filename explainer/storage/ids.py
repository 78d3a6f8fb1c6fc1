"""Ids that begin with their time: UUIDs of version 7 (RFC 9562, section 5.7), which Python has from 3.14 on.

In the order of its ids a table is in the order of time. So a month is a range of ids, which PostgreSQL's tables are
divided by (see :mod:`explainer.storage.months`), and an index of ids grows at its end instead of everywhere. Whoever
sees an id sees when that was, which the log's entry says as well, and no more.
"""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_VERSION, _VARIANT = 0x7, 0b10
_TIMED = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def id_at(moment: datetime) -> str:
    """Return a new id of a moment, 36 characters: its millisecond, then 74 random bits.

    Args:
        moment: With its zone, from 1970 on.
    """
    milliseconds = (moment - _BEGIN) // _MILLISECOND
    head = milliseconds << 16 | _VERSION << 12 | secrets.randbits(12)
    return str(uuid.UUID(int=head << 64 | _VARIANT << 62 | secrets.randbits(62)))


def span_of(told: str) -> tuple[datetime, datetime] | None:
    """Return the begin of an id's millisecond and of the next one; None for an id that does not tell its time."""
    match = _TIMED.fullmatch(told)
    if match is None:
        return None
    try:
        begin = _BEGIN + int(match[1] + match[2], 16) * _MILLISECOND
        return begin, begin + _MILLISECOND
    except OverflowError:
        return None
