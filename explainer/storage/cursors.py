"""Pages: a cursor is the place after which a page begins, so what is stored meanwhile moves nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.errors import CursorError

Place = TypeVar("Place", bound=msgspec.Struct)
_NOT_OURS = "This cursor is none of ours; begin again without one."


class _Moment(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    at: datetime
    id: str


def encoded(place: msgspec.Struct) -> str:
    """Return the cursor of a place, as text that says nothing to whoever holds it."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decoded(cursor: str, kind: type[Place]) -> Place:
    """Return the place of a cursor.

    Raises:
        CursorError: If it is none of ours.
    """
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(data, type=kind)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise CursorError(_NOT_OURS) from error


def page_of(
    session: Session,
    query: Select[Any],
    by: tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[str]],
    limit: int,
    cursor: str | None = None,
) -> tuple[Sequence[Any], str | None]:
    """Return a page, newest first, and the cursor of the next one; None after the last.

    Args:
        session: Open session.
        query: What to look for, in no order.
        by: The columns that give the order: when it was, and its id.
        limit: Rows on the page.
        cursor: Of the page, as the one before it gave it.

    Raises:
        CursorError: If the cursor is none of ours.
    """
    at, key = by
    if cursor is not None:
        place = decoded(cursor, _Moment)
        moment = _utc(place.at)
        query = query.where(or_(at < moment, and_(at == moment, key < place.id)))
    rows = session.scalars(query.order_by(at.desc(), key.desc()).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return rows, encoded(_Moment(getattr(rows[-1], at.key), getattr(rows[-1], key.key))) if more else None


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise CursorError(_NOT_OURS)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise CursorError(_NOT_OURS) from error
