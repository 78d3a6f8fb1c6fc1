"""Reading what is held about a person, table by table, some hundred rows in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import inspect, select, tuple_
from sqlalchemy.orm import Session

from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow, AuditSubjectRow
from explainer.storage.catalogue_tables import ItemRow
from explainer.storage.personal import Held

_CHUNK = 500
Columns = dict[str, Any]


def rows_about(session: Session, held: Held, user: str) -> Iterator[Columns]:
    """Yield the rows of a table about a user, every column by its name, in the order of their keys."""
    mapper = inspect(held.table)
    columns = [getattr(held.table, attribute.key).label(attribute.key) for attribute in mapper.column_attrs]
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    place = tuple_(*(getattr(held.table, key) for key in keys))
    mine = held.whose(user, session.get_bind().dialect.name)
    query = select(*columns).where(mine).order_by(*(getattr(held.table, key) for key in keys)).limit(_CHUNK)
    found = session.execute(query).mappings().all()
    while found:
        yield from map(dict, found)
        last = tuple(found[-1][key] for key in keys)
        found = session.execute(query.where(place > last)).mappings().all() if len(found) == _CHUNK else []


def entries_about(session: Session, user: str) -> Iterator[Columns]:
    """Yield the audit entries about a user, with what they are salted with, oldest first."""
    query = (
        select(
            AuditEntryRow.seq,
            AuditEntryRow.at,
            AuditEntryRow.event,
            AuditEntryRow.record_id,
            AuditEntryRow.digest,
            AuditSaltRow.value.label("salt"),
        )
        .join(AuditSubjectRow, AuditSubjectRow.seq == AuditEntryRow.seq)
        .outerjoin(AuditSaltRow, AuditSaltRow.seq == AuditEntryRow.seq)
        .where(AuditSubjectRow.subject == user)
        .order_by(AuditEntryRow.seq)
        .limit(_CHUNK)
    )
    found = session.execute(query).mappings().all()
    while found:
        yield from map(dict, found)
        found = session.execute(query.where(AuditEntryRow.seq > found[-1]["seq"])).mappings().all()


def title_of(session: Session, item: str) -> str | None:
    """Return an item's title; None for one that is not in the catalogue."""
    return session.scalar(select(ItemRow.title).where(ItemRow.id == item))
