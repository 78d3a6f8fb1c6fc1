"""Pages: a cursor is the place after which a page begins, so what is stored meanwhile moves nothing.

It is encrypted: a place may be that of a row of which whoever reads the page may not know the time and the id. The key
is one for all processes and lies in the database. What the list is (its name, and what was searched in it) is
authenticated beside the place: in another list it would leave out rows, and nobody would notice.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.errors import CursorError
from explainer.storage.service_tables import SecretRow

Place = TypeVar("Place", bound=msgspec.Struct)
_NOT_OURS = "This cursor is of another list or another search, or none of ours; begin again without one."
_KEY = "cursors"
_STEP = 64
"""Places are filled up to a multiple of so many bytes: how long they are tells how long an id is."""


class _Moment(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    at: datetime
    id: str


def mark(name: str, **searched: object) -> bytes:
    """Return what the cursors of one list are bound to; another list, user or filter has another one.

    Args:
        name: Of the list, e.g. ``reviews``.
        searched: Filters, and whose it is, as plain data; None counts as not given, so that a new filter ends no page.
    """
    given = {key: value for key, value in searched.items() if value is not None}
    return msgspec.json.encode([name, given], order="sorted")


def encoded(session: Session, place: msgspec.Struct, of: bytes) -> str:
    """Return the cursor of a place in the list with this mark, as text that says nothing to whoever holds it."""
    told = msgspec.json.encode(place)
    filled = told.ljust(-(-len(told) // _STEP) * _STEP)
    return base64.urlsafe_b64encode(_cipher(session).encrypt(filled, [of])).decode().rstrip("=")


def decoded(session: Session, cursor: str, kind: type[Place], of: bytes) -> Place:
    """Return the place of a cursor.

    Raises:
        CursorError: If it is none of ours, or not of the list with this mark.
    """
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(_cipher(session).decrypt(sealed, [of]), type=kind)
    except (ValueError, InvalidTag) as error:
        raise CursorError(_NOT_OURS) from error


def _cipher(session: Session) -> AESSIV:
    """Return what encrypts with the key of the database; it is asked for once in the life of a connection."""
    kept = session.connection().info
    if _KEY not in kept:
        key = session.get_one(SecretRow, _KEY).value  # made with the schema
        kept[_KEY] = AESSIV(base64.urlsafe_b64decode(key))
    cipher: AESSIV = kept[_KEY]
    return cipher


def page_of(
    session: Session,
    query: Select[Any],
    by: tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[str]],
    of: bytes,
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
        place = decoded(session, cursor, _Moment, of)
        query = query.where(or_(at < place.at, and_(at == place.at, key < place.id)))
    rows = session.scalars(query.order_by(at.desc(), key.desc()).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    if not more:
        return rows, None
    return rows, encoded(session, _Moment(getattr(rows[-1], at.key), getattr(rows[-1], key.key)), of)
