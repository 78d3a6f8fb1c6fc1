"""Pages: a cursor is the place after which a page begins, so what is stored meanwhile moves nothing.

Before the place stands the mark of the list that the page is of: its name and what was searched in it, as a short hash.
A place means something in its own list only; in another it would leave out rows, and nobody would notice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.errors import CursorError

Place = TypeVar("Place", bound=msgspec.Struct)
_NOT_OURS = "This cursor is of another list or another search, or none of ours; begin again without one."
_MARK_BYTES, _MARK_LENGTH = 6, 8


class _Moment(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    at: datetime
    id: str


def mark(name: str, **searched: object) -> str:
    """Return what the cursors of one list begin with; another list, user or filter has another one.

    It keeps apart and hides nothing: whoever holds a cursor knows what they searched.

    Args:
        name: Of the list, e.g. ``reviews``.
        searched: Filters, and whose it is, as plain data; None counts as not given, so that a new filter ends no page.
    """
    given = {key: value for key, value in searched.items() if value is not None}
    told = msgspec.json.encode([name, given], order="sorted")
    return base64.urlsafe_b64encode(hashlib.blake2b(told, digest_size=_MARK_BYTES).digest()).decode()


def encoded(place: msgspec.Struct, of: str) -> str:
    """Return the cursor of a place in the list with this mark, as text that says nothing to whoever holds it."""
    return of + base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decoded(cursor: str, kind: type[Place], of: str) -> Place:
    """Return the place of a cursor.

    Raises:
        CursorError: If it is none of ours, or not of the list with this mark.
    """
    found, place = cursor[:_MARK_LENGTH], cursor[_MARK_LENGTH:]
    if found != of:
        raise CursorError(_NOT_OURS)
    try:
        data = base64.b64decode(place + "=" * (-len(place) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(data, type=kind)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise CursorError(_NOT_OURS) from error


def page_of(
    session: Session,
    query: Select[Any],
    by: tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[str]],
    of: str,
    limit: int,
    cursor: str | None = None,
) -> tuple[Sequence[Any], str | None]:
    """Return a page, newest first, and the cursor of the next one; None after the last.

    Args:
        session: Open session.
        query: What to look for, in no order.
        by: The columns that give the order: when it was, and its id.
        of: Mark of the list (see :func:`mark`).
        limit: Rows on the page.
        cursor: Of the page, as the one before it gave it.

    Raises:
        CursorError: If the cursor is none of ours, or of another list.
    """
    at, key = by
    if cursor is not None:
        place = decoded(cursor, _Moment, of)
        moment = _utc(place.at)
        query = query.where(or_(at < moment, and_(at == moment, key < place.id)))
    rows = session.scalars(query.order_by(at.desc(), key.desc()).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return rows, encoded(_Moment(getattr(rows[-1], at.key), getattr(rows[-1], key.key)), of) if more else None


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise CursorError(_NOT_OURS)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise CursorError(_NOT_OURS) from error
