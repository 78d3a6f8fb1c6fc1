"""Items and behaviours that come while the service runs: added, changed or found to be there already."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from explainer.storage.base import now
from explainer.storage.catalogue import behaviour_of, item_of
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from retriever.data import Behaviour, Item

_CHUNK = 1000
_NEWEST = select(func.max(ItemRow.position))


class Change(StrEnum):
    """What storing something did."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    UPDATED = "updated"
    CONFLICT = "conflict"
    ERASED = "erased"


def put_items(session: Session, items: Sequence[Item]) -> dict[str, Change]:
    """Store items, new ones behind all others, and return what that did to each by its id; the caller commits.

    Key phrases are no part of what is given: an item keeps those it has until its words change.

    Raises:
        ConflictError: On commit, if somebody else added items at the same moment; nothing is stored then.
    """
    stored = {row.id: row for row in session.scalars(select(ItemRow).where(ItemRow.id.in_([i.id for i in items])))}
    after = newest_position(session)
    position = 0 if after is None else after + 1
    changes = {}
    for item in items:
        row = stored.get(item.id)
        if row is None:
            session.add(ItemRow(id=item.id, position=position, phrases=[], **_described(item)))
            position += 1
            changes[item.id] = Change.CREATED
        else:
            changes[item.id] = _describe(row, item)
    session.flush()
    return changes


def _describe(row: ItemRow, item: Item) -> Change:
    fields = _described(item)
    changed = {name for name, value in fields.items() if getattr(row, name) != value}
    if not changed:
        return Change.UNCHANGED
    if changed & {"title", "text"}:
        row.phrases = []  # they were found in words that stand there no more
    for name in changed:
        setattr(row, name, fields[name])
    row.changed_at = now()
    row.private = row.judged_by = None  # it was judged by other words
    return Change.UPDATED


def _described(item: Item) -> dict[str, Any]:
    return {
        "title": item.title,
        "year": item.year,
        "aspects": list(item.aspects),
        "text": item.text,
        "creator": item.creator,
    }


def put_behaviours(session: Session, behaviours: Sequence[Behaviour]) -> dict[str, Change]:
    """Store behaviours and return what that did by their ids; one that contradicts what is stored changes nothing.

    Raises:
        ConflictError: On commit, if somebody else stored one of them at the same moment; nothing is stored then.
    """
    ids = [behaviour.id for behaviour in behaviours]
    stored = {
        row.id: behaviour_of(row) for row in session.scalars(select(BehaviourRow).where(BehaviourRow.id.in_(ids)))
    }
    changes = {}
    for behaviour in behaviours:
        held = stored.get(behaviour.id)
        if held is None:
            session.add(_row(behaviour))
            changes[behaviour.id] = Change.CREATED
        else:
            changes[behaviour.id] = Change.UNCHANGED if held == behaviour else Change.CONFLICT
    session.flush()
    return changes


def _row(behaviour: Behaviour) -> BehaviourRow:
    return BehaviourRow(
        id=behaviour.id,
        user_id=behaviour.user,
        item_id=behaviour.item,
        kind=behaviour.kind.value,
        value=behaviour.value,
        time=behaviour.time,
    )


def items_among(session: Session, ids: Collection[str]) -> set[str]:
    """Return which of the ids are items of the catalogue."""
    return set(session.scalars(select(ItemRow.id).where(ItemRow.id.in_(ids))))


def items_beyond(session: Session, known: Container[str]) -> tuple[Item, ...]:
    """Return the items whose ids are not among the known ones, in the order they were first stored."""
    ids = session.scalars(select(ItemRow.id).order_by(ItemRow.position))
    return tuple(_loaded(session, [item for item in ids if item not in known]))


def newest_position(session: Session | Connection) -> int | None:
    """Return the position of the item that was stored last; None without any."""
    newest: int | None = session.scalar(_NEWEST)
    return newest


def _loaded(session: Session, ids: Sequence[str]) -> Iterator[Item]:
    for start in range(0, len(ids), _CHUNK):
        query = select(ItemRow).where(ItemRow.id.in_(ids[start : start + _CHUNK]))
        yield from map(item_of, session.scalars(query.order_by(ItemRow.position)))


def changed_by_service(session: Session) -> set[str]:
    """Return the ids of the items whose description the running service has changed."""
    return set(session.scalars(select(ItemRow.id).where(ItemRow.changed_at.is_not(None))))
