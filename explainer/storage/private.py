"""Which items are private, as the firewall judged them and as it is stored: one answer for all who ask.

An item that nobody has judged yet counts as private: it is kept back until somebody has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update
from sqlalchemy.orm import Session

from explainer.storage.catalogue import item_of
from explainer.storage.catalogue_tables import BehaviourRow, DatasetRow, ItemRow
from explainer.storage.erasing import begin_writing
from retriever.data import Item

UNJUDGED = "unjudged"
"""Stands for the categories of an item that nobody has judged."""
_CHUNK = 1000
_IS_PRIVATE = or_(ItemRow.private.is_(None), ItemRow.private != "")
_PRIVATE_OF_USER = (
    select(BehaviourRow.id, ItemRow.private)
    .join(ItemRow, ItemRow.id == BehaviourRow.item_id)
    .where(BehaviourRow.user_id == bindparam("user"), _IS_PRIVATE)
)


def private_behaviours(session: Session | Connection, user: str) -> dict[str, list[str]]:
    """Return the user's behaviours that tell of their private life, by id, each with the categories of its item."""
    return {key: categories_of(stored) for key, stored in session.execute(_PRIVATE_OF_USER, {"user": user})}


def is_private_item(session: Session, item_id: str) -> bool:
    """Return whether having met an item tells of a private life; False for one that is not there."""
    return session.scalar(select(ItemRow.id).where(ItemRow.id == item_id, _IS_PRIVATE)) is not None


def private_among(session: Session, items: Collection[str]) -> set[str]:
    """Return which of the items are private."""
    return set(session.scalars(select(ItemRow.id).where(ItemRow.id.in_(items), _IS_PRIVATE)))


def any_private(session: Session, items: Sequence[str]) -> bool:
    """Return whether any of so many items is private."""
    return any(private_among(session, items[start : start + _CHUNK]) for start in range(0, len(items), _CHUNK))


def private_counts(asked: Mapping[str, Any] | None) -> dict[str, int]:
    """Return how many private behaviours an explanation kept out, by category, from what is stored of its asking."""
    counts = Counter(category for of in kept_out(asked).values() for category in of)
    return dict(sorted(counts.items()))


def kept_out(asked: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Return the behaviours that an explanation kept out, by id, each with its categories.

    What has not the form of that was forged: it counts for nothing, and its digest tells.
    """
    private = asked.get("private") if isinstance(asked, Mapping) else None
    if not isinstance(private, Mapping):
        return {}
    return {
        key: [one for one in categories if isinstance(one, str)] if isinstance(categories, list) else []
        for key, categories in private.items()
    }


def categories_of(stored: str | None) -> list[str]:
    """Return the categories of an item as they are stored with it."""
    if stored is None:
        return [UNJUDGED]
    return stored.split(",") if stored else []


def items_to_judge(session: Session, version: str | None, among: Collection[str] | None = None) -> Iterator[list[Item]]:
    """Yield items that were not judged, or by another version, some at a time.

    Args:
        session: Open session.
        version: Of what judges; None for only those that were never judged.
        among: Ids of the items to look at; all by default.
    """
    old = ItemRow.judged_by.is_(None) if version is None else ItemRow.judged_by.is_distinct_from(version)
    found = session.scalars(select(ItemRow.id).where(or_(old, ItemRow.private.is_(None))).order_by(ItemRow.position))
    ids = [item for item in found if among is None or item in among]
    for start in range(0, len(ids), _CHUNK):
        chosen = select(ItemRow).where(ItemRow.id.in_(ids[start : start + _CHUNK])).order_by(ItemRow.position)
        yield [item_of(row) for row in session.scalars(chosen)]


def unchanged(session: Session, items: Sequence[Item]) -> list[str]:
    """Return the ids of the items that are still as given; they stay so until the caller's transaction ends."""
    begin_writing(session)
    asked = {item.id: item for item in items}
    rows = session.scalars(select(ItemRow).where(ItemRow.id.in_(asked)).order_by(ItemRow.id).with_for_update())
    return [row.id for row in rows if item_of(row) == asked[row.id]]


def note_judged(session: Session, judged: Mapping[str, Collection[str]], version: str) -> None:
    """Store what items were judged to be, in the caller's transaction."""
    rows = [
        {"id": item, "private": ",".join(sorted(categories)), "judged_by": version}
        for item, categories in judged.items()
    ]
    if rows:
        session.execute(update(ItemRow), rows)
        note_change(session)


def note_change(session: Session) -> None:
    """Count that what is private has changed, so that no answer from before is given again."""
    session.execute(update(DatasetRow).values(judgements=DatasetRow.judgements + 1))


def stored_items(session: Session, ids: Sequence[str]) -> list[Item]:
    """Return items as they are stored, in no order."""
    return [item_of(row) for row in session.scalars(select(ItemRow).where(ItemRow.id.in_(ids)))]
