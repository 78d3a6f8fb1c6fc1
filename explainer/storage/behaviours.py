"""A user's behaviours a page at a time, newest first, each with what is known of its item."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from explainer.storage.catalogue import behaviour_of
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.choice_tables import ExclusionRow
from explainer.storage.cursors import decoded, encoded, mark
from retriever.data import Behaviour


@dataclass(frozen=True, slots=True)
class Met:
    """A behaviour, the title of its item, and whether its user does not want it to be used."""

    behaviour: Behaviour
    title: str
    excluded: bool


class _Place(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    time: int
    id: str


def list_behaviours(session: Session, user: str, limit: int, cursor: str | None = None) -> tuple[list[Met], str | None]:
    """Return a page of a user's behaviours, newest first and those without a time last, and the cursor of the next.

    Raises:
        CursorError: If the cursor is none of ours, or of another list.
    """
    excluded = and_(ExclusionRow.user_id == BehaviourRow.user_id, ExclusionRow.behaviour_id == BehaviourRow.id)
    moment = func.coalesce(BehaviourRow.time, 0)  # a known time is above 0
    of = mark("behaviours", user=user)
    query = (
        select(BehaviourRow, ItemRow.title, ExclusionRow.behaviour_id)
        .join(ItemRow, ItemRow.id == BehaviourRow.item_id)
        .outerjoin(ExclusionRow, excluded)
        .where(BehaviourRow.user_id == user, *_after(session, cursor, of, moment))
    )
    rows = session.execute(query.order_by(moment.desc(), BehaviourRow.id.desc()).limit(limit + 1)).all()
    page = [Met(behaviour_of(row), title, mark is not None) for row, title, mark in rows[:limit]]
    if len(rows) <= limit:
        return page, None
    last = page[-1].behaviour
    return page, encoded(session, _Place(last.time or 0, last.id), of)


def _after(session: Session, cursor: str | None, of: bytes, moment: ColumnElement[int]) -> list[ColumnElement[bool]]:
    if cursor is None:
        return []
    place = decoded(session, cursor, _Place, of)
    return [or_(moment < place.time, and_(moment == place.time, BehaviourRow.id < place.id))]


def some_users(session: Session, limit: int) -> list[str]:
    """Return users, always the same while there are the same, chosen by nothing that they did."""
    query = select(BehaviourRow.user_id).distinct().order_by(BehaviourRow.user_id).limit(limit)
    return list(session.scalars(query))
