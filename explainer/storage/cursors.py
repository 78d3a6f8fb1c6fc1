"""Pages of what is found, newest first: a page begins after a place, so what is stored meanwhile moves nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.errors import CursorError
from explainer.storage.tables import Base

Row = TypeVar("Row", bound=Base)
_STRANGE = "This cursor is none of ours; begin again without one."


class _Place(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    at: datetime
    id: str


def page_of(
    session: Session,
    query: Select[Row],
    by: tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[str]],
    limit: int,
    cursor: str | None = None,
) -> tuple[Sequence[Row], str | None]:
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
        place = _decoded(cursor)
        query = query.where(or_(at < place.at, and_(at == place.at, key < place.id)))
    rows = session.scalars(query.order_by(at.desc(), key.desc()).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return rows, _encoded(_Place(getattr(rows[-1], at.key), getattr(rows[-1], key.key))) if more else None


def _encoded(place: _Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _decoded(cursor: str) -> _Place:
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place = msgspec.json.decode(data, type=_Place)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise CursorError(_STRANGE) from error
    if place.at.tzinfo is None:
        raise CursorError(_STRANGE)
    return place
