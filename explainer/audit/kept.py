"""Records that the log's entries are about: where they are, whether one is what an entry says, which were removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, inspect, select
from sqlalchemy.orm import Session

from explainer.audit.log import proves
from explainer.audit.nodes import size_of
from explainer.audit.spans import Limit, Span, Spans
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import Base

_CHUNK = 500


@dataclass(frozen=True)
class Kept:
    """Records that stay as they were when their entry was written.

    Attributes:
        table: Where they are.
        events: What their entries are called.
        record: Returns what the digest was made of.
        refers: Name of the column that entries refer to; the only key by default. Where several records have the same
            in it, each has an entry of its own.
        due: Which of them have an entry; all by default.
        ends: Events of entries, likewise of the record, that say that it was removed.
        removes: For records of removals: the entries whose records went, as ranges ``[first, last]``,
        limit: and what may have been among them; anything by default, or where that is None.
    """

    table: type[Base]
    events: tuple[str, ...]
    record: Callable[[Any], Mapping[str, Any]]
    refers: str = ""
    due: ColumnElement[bool] | None = None
    ends: tuple[str, ...] = ()
    removes: Callable[[Any], Sequence[Sequence[int]]] | None = None
    limit: Callable[[Any], Limit | None] = lambda _: None

    @property
    def column(self) -> ColumnElement[str]:
        """The column that entries refer to."""
        found: ColumnElement[str] = getattr(self.table, self._name)
        return found

    def reference(self, row: Base) -> str:
        """Return what an entry about the row refers to."""
        return str(getattr(row, self._name))

    @property
    def _name(self) -> str:
        mapper = inspect(self.table)
        return self.refers or mapper.get_property_by_column(mapper.primary_key[0]).key


class Removed:
    """The entries whose records were removed, as removals say that the log vouches for.

    Args:
        session: Open session.
        kept: Every kind of record; those of removals are looked at.
    """

    def __init__(self, session: Session, kept: Sequence[Kept]) -> None:
        self._session, self._kinds = session, [kind for kind in kept if kind.removes is not None]
        self._spans = Spans(())
        self._size = 0
        self._look()

    def look_again(self) -> None:
        """Learn of removals since."""
        events = [event for kind in self._kinds for event in kind.events]
        later = select(AuditEntryRow.seq).where(AuditEntryRow.seq > self._size, AuditEntryRow.event.in_(events))
        if self._session.scalar(later.limit(1)) is not None:
            self._look()

    def _look(self) -> None:
        self._size = size_of(self._session)
        found = [one for kind in self._kinds if kind.removes for one in _removed(self._session, kind, kind.removes)]
        self._spans = Spans(found)

    def __contains__(self, entry: AuditEntryRow) -> bool:
        """Return whether an entry lost its salt in a removal."""
        return entry.salt is None and self._spans.cover(entry.seq, entry.event, entry.record_id, entry.at)


def _removed(session: Session, kind: Kept, removes: Callable[[Any], Sequence[Sequence[int]]]) -> Iterator[Span]:
    """Yield the spans of removals of one kind; an entry can vouch only for what came before it."""
    for chunk in session.scalars(select(AuditEntryRow).where(AuditEntryRow.event.in_(kind.events))).partitions(_CHUNK):
        found = loaded(session, kind, [entry.record_id for entry in chunk])
        for entry in chunk:
            row = next((row for row in found.get(entry.record_id, []) if is_proved(kind, entry, row)), None)
            if row is not None:
                limit = kind.limit(row)
                yield from ((first, min(last, entry.seq - 1), limit) for first, last in removes(row))


def loaded(session: Session, kind: Kept, references: Sequence[str]) -> dict[str, list[Base | None]]:
    """Return the records by what entries call them; None for what is there, but can't even be read any more."""
    found: dict[str, list[Base | None]] = {}
    try:
        for row in session.scalars(select(kind.table).where(kind.column.in_(references))) if references else ():
            found.setdefault(kind.reference(row), []).append(row)
    except (ValueError, TypeError):
        if len(references) == 1:
            return {references[0]: [None]}
        return {one: rows for each in references for one, rows in loaded(session, kind, [each]).items()}
    return found


def is_proved(kind: Kept, entry: AuditEntryRow, row: Base | None) -> bool:
    """Return whether an entry is about the record as it is; what no longer has the form of one, none is about."""
    if row is None:
        return False
    try:
        return proves(entry, kind.record(row))
    except (ValueError, TypeError, KeyError, AttributeError, msgspec.MsgspecError):
        return False
