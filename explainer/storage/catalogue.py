"""Items and behaviours in SQL: ingest, and reading them back as the retriever's nouns."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from operator import attrgetter

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.orm import Session

from explainer.errors import ConflictError, NotFoundError, NotReadyError
from explainer.storage.bulk import OnProgress, insert_many
from explainer.storage.catalogue_tables import BehaviourRow, DatasetRow, ItemRow
from retriever.data import (
    Aspect,
    AspectSource,
    Behaviour,
    BehaviourKind,
    CleaningReport,
    Dataset,
    History,
    Item,
    ValueScale,
)
from retriever.statistics import counted_as

# Columns, not rows: every explanation reads a history, and nobody changes one.
_BEHAVIOURS = select(
    BehaviourRow.id,
    BehaviourRow.user_id,
    BehaviourRow.item_id,
    BehaviourRow.kind,
    BehaviourRow.time,
    BehaviourRow.value,
)
_OF_USER = _BEHAVIOURS.where(BehaviourRow.user_id == bindparam("user"))
_ITEM_COLUMNS = ("id", "position", "title", "year", "aspects", "text", "phrases", "creator")
_BEHAVIOUR_COLUMNS = ("id", "user_id", "item_id", "kind", "value", "time")


def ingest(session: Session, dataset: Dataset, report: CleaningReport, on_progress: OnProgress) -> tuple[int, int]:
    """Write a dataset; a second time changes nothing.

    Args:
        session: Open session; the caller commits.
        dataset: What to write.
        report: Kept beside the dataset.
        on_progress: Called with the number of rows handled since the last call.

    Returns:
        How many items and how many behaviours were new.

    Raises:
        ConflictError: If the database already holds another dataset.
    """
    _claim(session, dataset, report)
    return _ingest_items(session, dataset.items, on_progress), _ingest_behaviours(
        session, dataset.behaviours, on_progress
    )


def _claim(session: Session, dataset: Dataset, report: CleaningReport) -> None:
    held = session.scalar(select(DatasetRow))
    if held is not None and held.name != dataset.name:
        raise ConflictError(
            f"This database holds {held.name!r}; one database, one dataset. "
            f"Use another for {dataset.name!r}, e.g. --home .explainer-{dataset.name}"
        )
    row = held or DatasetRow(name=dataset.name)
    row.domain, row.value_low, row.value_high = dataset.domain, dataset.scale.low, dataset.scale.high
    row.cleaning_report = report.as_dict()
    session.add(row)
    session.flush()


def _ingest_items(session: Session, items: Sequence[Item], on_progress: OnProgress) -> int:
    stored = {row.id: row for row in session.scalars(select(ItemRow))}
    new, changed = [item for item in items if item.id not in stored], 0
    for item in items:
        if (row := stored.get(item.id)) is not None:
            if item_of(row) != item:
                row.private = row.judged_by = None  # it was judged by other words
                changed += 1
            row.title, row.year, row.aspects, row.text = item.title, item.year, list(item.aspects), item.text
            row.phrases, row.creator = _phrases(item), item.creator
    if changed:
        session.execute(update(DatasetRow).values(judgements=DatasetRow.judgements + 1))
    position = len(stored)
    rows = [
        (i.id, position + n, i.title, i.year, json.dumps(i.aspects), i.text, json.dumps(_phrases(i)), i.creator)
        for n, i in enumerate(new)
    ]
    insert_many(session, ItemRow, _ITEM_COLUMNS, rows)
    on_progress(len(items))
    return len(rows)


def _ingest_behaviours(session: Session, behaviours: Sequence[Behaviour], on_progress: OnProgress) -> int:
    # In the order of their keys, which an index takes best.
    rows = [(b.id, b.user, b.item, b.kind.value, b.value, b.time) for b in sorted(behaviours, key=attrgetter("id"))]
    return insert_many(session, BehaviourRow, _BEHAVIOUR_COLUMNS, rows, on_progress)


def dataset_row(session: Session) -> DatasetRow:
    """Return the description of the dataset.

    Raises:
        NotReadyError: If nothing was ingested yet.
    """
    row: DatasetRow | None = session.scalar(select(DatasetRow))
    if row is None:
        raise NotReadyError("The database is empty; fill it with: explainer ingest ml-100k (or a folder)")
    return row


def load_dataset(session: Session) -> Dataset:
    """Return everything as a :class:`~retriever.data.Dataset`, items in the order they were first ingested."""
    row = dataset_row(session)
    behaviours = tuple(_behaviour(*fields) for fields in session.execute(_BEHAVIOURS.order_by(BehaviourRow.id)))
    scale = ValueScale(row.value_low, row.value_high)
    return Dataset(row.name, row.domain, load_items(session), behaviours, scale)


def load_items(session: Session) -> tuple[Item, ...]:
    """Return the catalogue, items in the order they were first ingested."""
    return tuple(item_of(row) for row in session.scalars(select(ItemRow).order_by(ItemRow.position)))


def load_history(session: Session | Connection, user: str) -> History:
    """Return a user's history; empty for a user without behaviours, since to us the two are the same."""
    rows = session.execute(_OF_USER, {"user": user})
    return History.of(user, (_behaviour(*fields) for fields in rows))


def behaviour_titles(session: Session, user: str) -> dict[str, str]:
    """Return the title of the item that each of a user's behaviours is about, by the behaviour's id."""
    query = select(BehaviourRow.id, ItemRow.title).join(ItemRow, ItemRow.id == BehaviourRow.item_id)
    return {row.id: row.title for row in session.execute(query.where(BehaviourRow.user_id == user))}


def load_item(session: Session, item_id: str) -> Item:
    """Return an item.

    Raises:
        NotFoundError: If there is none.
    """
    row = session.get(ItemRow, item_id)
    if row is None:
        raise NotFoundError(f"There is no item {item_id!r} in the catalogue.")
    return item_of(row)


def users(session: Session, limit: int) -> list[tuple[str, int]]:
    """Return (user, number of behaviours), most active first."""
    count = func.count()
    query = select(BehaviourRow.user_id, count).group_by(BehaviourRow.user_id)
    rows = session.execute(query.order_by(count.desc(), BehaviourRow.user_id).limit(limit))
    return [(user, number) for user, number in rows]


def everyone(session: Session) -> list[str]:
    """Return every user who did something."""
    return list(session.scalars(select(BehaviourRow.user_id).distinct().order_by(BehaviourRow.user_id)))


def known_people(session: Session, users: Collection[str]) -> set[str]:
    """Return those of these users who did something."""
    return set(session.scalars(select(BehaviourRow.user_id).where(BehaviourRow.user_id.in_(users)).distinct()))


def counted_kinds(session: Session) -> set[BehaviourKind]:
    """Return every kind that some behaviour is counted as (see :func:`~retriever.statistics.counted_as`)."""
    rows = session.execute(select(BehaviourRow.kind, BehaviourRow.value.is_(None)).distinct())
    return {counted_as(BehaviourKind(kind), None if unvalued else 0.0) for kind, unvalued in rows}


def _phrases(item: Item) -> list[dict[str, str]]:
    return [{"term": phrase.term, "source": phrase.source.value} for phrase in item.phrases]


def item_of(row: ItemRow) -> Item:
    """Return the item of a row."""
    phrases = tuple(Aspect(phrase["term"], AspectSource(phrase["source"])) for phrase in row.phrases)
    return Item(row.id, row.title, tuple(row.aspects), row.year, row.text, phrases, row.creator)


def behaviour_of(row: BehaviourRow) -> Behaviour:
    """Return the behaviour of a row."""
    return _behaviour(row.id, row.user_id, row.item_id, row.kind, row.time, row.value)


def _behaviour(behaviour_id: str, user: str, item: str, kind: str, time: int | None, value: float | None) -> Behaviour:
    return Behaviour(behaviour_id, user, item, BehaviourKind(kind), time, value)
