"""Explanations found by who, what and when, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from explainer.errors import CursorError
from explainer.storage.cursors import NOT_OURS, decoded, encoded
from explainer.storage.tables import ExplanationRow


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; None does not narrow.

    Attributes:
        user: Whose.
        item: Of which item.
        source: ``model`` or ``template``.
        since: From this moment on.
        until: Before this moment.
    """

    user: str | None = None
    item: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class _Place(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    at: datetime
    id: str


def list_explanations(
    session: Session, search: Search, limit: int, cursor: str | None = None
) -> tuple[Sequence[ExplanationRow], str | None]:
    """Return a page of what is found, newest first, and the cursor of the next one; None after the last.

    A page begins after a place, not after a number of rows: what is stored meanwhile moves nothing.

    Raises:
        CursorError: If the cursor is none of ours.
    """
    query = select(ExplanationRow).where(*_conditions(search))
    if cursor is not None:
        place = _decoded(cursor)
        query = query.where(
            or_(
                ExplanationRow.created_at < place.at,
                and_(ExplanationRow.created_at == place.at, ExplanationRow.id < place.id),
            )
        )
    query = query.order_by(ExplanationRow.created_at.desc(), ExplanationRow.id.desc()).limit(limit + 1)
    rows = session.scalars(query).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return rows, encoded(_Place(rows[-1].created_at, rows[-1].id)) if more else None


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    conditions = []
    if search.user is not None:
        conditions.append(ExplanationRow.user_id == search.user)
    if search.item is not None:
        conditions.append(ExplanationRow.item_id == search.item)
    if search.source is not None:
        conditions.append(ExplanationRow.source == search.source)
    if search.since is not None:
        conditions.append(ExplanationRow.created_at >= search.since)
    if search.until is not None:
        conditions.append(ExplanationRow.created_at < search.until)
    return conditions


def _decoded(cursor: str) -> _Place:
    place = decoded(cursor, _Place)
    if place.at.tzinfo is None:
        raise CursorError(NOT_OURS)
    return place
