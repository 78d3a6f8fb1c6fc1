"""Logs to verify: the one in a database, and exports of it, one entry at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import rfc8785
from sqlalchemy import Select, String, func, select, text, type_coerce
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from explainer.audit.entries import entry_line, moment_of
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import Node
from explainer.audit.nodes import size_of
from explainer.audit.verify import Fault, LogEntry, TamperError
from explainer.storage.audit_tables import AuditEntryRow, AuditNodeRow

__all__ = ["StoredNodes", "export_entries", "exported_entries", "size_of", "stored_entries"]

_CHUNK = 5000
_LONGEST_LINE = 10_000
_DAY = 10
# What drivers, and SQLAlchemy's readers of values, raise when a row was written by neither.
_UNREADABLE = (DBAPIError, SQLAlchemyError, ValueError, TypeError, AttributeError, OverflowError)

# One statement, so that what is appended meanwhile is in both or in neither.
_STRANGE_NODE = text("""
WITH log AS (SELECT CAST(coalesce(max(seq), 0) AS bigint) AS size FROM audit_entries)
SELECT level, place, size FROM audit_nodes, log
WHERE level IS NULL OR level < 1 OR level > 62 OR place IS NULL OR place < 0 OR place >= (size >> level) LIMIT 1
""")


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: datetime
    digest: str
    event: str
    record: str
    seq: int


def stored_entries(session: Session, chunk: int = _CHUNK) -> Iterator[LogEntry]:
    """Yield the entries of a database by their numbers.

    Args:
        session: Open session.
        chunk: How many are read at once.

    Raises:
        TamperError: If an entry has no number, or a value that cannot be read.
        VerificationError: If the log cannot be read.
    """
    log = _Log(session, chunk)
    log.require_numbers()
    after = None
    while True:
        try:
            page = log.page(after)
        except _UNREADABLE as error:
            yield from log.up_to_what_cannot_be_read(after, error)
            return
        # One more than a chunk was read: a second entry of the last one's number must not hide behind the end.
        if len(page) > chunk and page[-1].seq != page[-2].seq:
            del page[-1]
        if not page:
            return
        yield from page
        after = page[-1].seq


class _Log:
    """Reads entries, some at a time, past the session: what it makes of a row takes longer than to hash it."""

    def __init__(self, session: Session, chunk: int) -> None:
        self._session = session
        columns, self._moment = _columns(session.get_bind().dialect.name)
        self._query = select(*columns).order_by(AuditEntryRow.seq)
        self._numbers = select(AuditEntryRow.seq).order_by(AuditEntryRow.seq)
        self._page = chunk + 1

    def require_numbers(self) -> None:
        """Look for entries that no query by number finds: a table made anew without its key can have such."""
        unnumbered = select(func.count()).select_from(AuditEntryRow).where(AuditEntryRow.seq.is_(None))
        try:
            found = self._session.connection().execute(unnumbered).scalar_one()
        except _UNREADABLE as error:
            raise VerificationError(f"The log cannot be read: {_words(error)}") from error
        if found:
            raise TamperError(Fault.ORDER, 0, f"Entries without a number ({found}) were put there by hand.")

    def page(self, after: int | None) -> list[LogEntry]:
        """Return the entries after a number, one more than a chunk of them."""
        return self._read(_later(self._query, after).limit(self._page))

    def up_to_what_cannot_be_read(self, after: int | None, error: Exception) -> Iterator[LogEntry]:
        """Yield entries one by one until the one that has stopped a page, and raise for that."""
        try:
            numbers = self._session.connection().scalars(_later(self._numbers, after).limit(self._page)).all()
        except _UNREADABLE:
            numbers = []
        for seq in numbers:
            try:
                found = self._read(self._query.where(AuditEntryRow.seq == seq))
            except _UNREADABLE as why:
                message = f"Entry {seq} was altered: what it holds cannot be read ({_words(why)})."
                raise TamperError(Fault.ALTERED, seq, message) from why
            yield from found
        raise VerificationError(f"After entry {after or 0} the log cannot be read: {_words(error)}") from error

    def _read(self, query: Select[*tuple[Any, ...]]) -> list[LogEntry]:
        rows = self._session.connection().execute(query).all()
        return [LogEntry(row[0], self._moment(row[1]), *row[2:]) for row in rows]


class StoredNodes:
    """Compares nodes of the tree with the stored ones, read ahead level by level.

    Args:
        session: Open session.
        chunk: How many of a level are read at once.
    """

    def __init__(self, session: Session, chunk: int = _CHUNK) -> None:
        self._session, self._chunk = session, chunk
        self._ahead: dict[int, dict[int, str]] = {}

    def __call__(self, node: Node) -> None:
        """Compare a node.

        Raises:
            TamperError: If it is stored otherwise or not at all.
            VerificationError: If it cannot be read.
        """
        level, place, digest = node
        known = self._ahead.get(level)
        if known is None or place not in known:
            known = self._ahead[level] = self._read(level, place)
        if known.get(place) != digest.hex():
            raise TamperError(
                Fault.NODE,
                (place << level) + 1,
                f"The tree's node at level {level}, place {place} is missing or was altered; the entries below it fit.",
            )

    def end(self) -> None:
        """Look for nodes that no tree of this size has: the next entries could not be written.

        Raises:
            TamperError: If there is one.
            VerificationError: If they cannot be read.
        """
        try:
            found = self._session.connection().execute(_STRANGE_NODE).first()
        except _UNREADABLE as error:
            raise VerificationError(f"The tree's nodes cannot be read: {_words(error)}") from error
        if found is not None:
            message = f"The tree has a node at level {found[0]}, place {found[1]}, where there is none."
            raise TamperError(Fault.NODE, found[2] + 1, message)

    def _read(self, level: int, place: int) -> dict[int, str]:
        mine = select(AuditNodeRow.place, AuditNodeRow.hash).where(
            AuditNodeRow.level == level, AuditNodeRow.place >= place, AuditNodeRow.place < place + self._chunk
        )
        try:
            rows = self._session.connection().execute(mine).all()
        except _UNREADABLE as error:
            raise VerificationError(f"The tree's nodes at level {level} cannot be read: {_words(error)}") from error
        found = {row[0]: row[1] for row in rows}
        if len(found) < len(rows):
            twice = next(one for one, count in Counter(row[0] for row in rows).items() if count > 1)
            raise TamperError(
                Fault.NODE, (twice << level) + 1, f"The tree's node at level {level}, place {twice} is there twice."
            )
        return found


def exported_entries(path: Path) -> Iterator[LogEntry]:
    """Yield the entries of an export, one a line.

    Raises:
        TamperError: If a line is no entry, or not written as one is.
        VerificationError: If the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(_LONGEST_LINE + 1):
                number += 1
                yield _entry(line, number, path.name)
    except OSError as error:
        raise VerificationError(f"{path} cannot be read: {error.strerror}") from error


def export_entries(session: Session, last: int | None = None) -> Iterator[bytes]:
    """Yield the lines of an export.

    Args:
        session: Open session.
        last: Number of the last entry; without it all that are there.

    Raises:
        VerificationError: If an entry cannot be written, because somebody altered it.
    """
    for entry in stored_entries(session):
        try:
            if last is not None and entry.seq > last:
                return
            yield entry_line(*entry[:5]) + b"\n"
        except (ValueError, TypeError) as error:
            raise VerificationError(f"Entry {entry.seq} was altered: it cannot be written.") from error


def _later(query: Select[*tuple[Any, ...]], seq: int | None) -> Select[*tuple[Any, ...]]:
    return query if seq is None else query.where(AuditEntryRow.seq > seq)


def _words(error: Exception) -> str:
    """Return what a driver says, without the statement that SQLAlchemy adds."""
    return str(error.orig if isinstance(error, DBAPIError) else error)


def _columns(dialect: str) -> tuple[tuple[Any, ...], Callable[[Any], str]]:
    """Return what is read of an entry, and what makes a moment as an entry has it out of what that returns."""
    row = AuditEntryRow
    # SQLite keeps a moment as text. It is taken as it stands: what was done to it must not be read away.
    as_text = dialect == "sqlite"
    at = type_coerce(row.at, String) if as_text else row.at
    columns = (row.seq, at, row.event, row.record_id, row.digest, func.coalesce(row.leaf, ""))
    return columns, _moment_of_text if as_text else moment_of


def _moment_of_text(value: object) -> str:
    if isinstance(value, str) and value[_DAY : _DAY + 1] == " ":
        return f"{value[:_DAY]}T{value[_DAY + 1 :]}+00:00"
    return f"no moment: {value!r}"


def _entry(line: bytes, number: int, name: str) -> LogEntry:
    try:
        read = msgspec.json.decode(line, type=_Line)
        entry = LogEntry(read.seq, moment_of(read.at), read.event, read.record, read.digest)
        same = entry_line(*entry[:5]) + b"\n" == line
    except (msgspec.MsgspecError, UnicodeError, ValueError, OverflowError, rfc8785.CanonicalizationError) as error:
        raise TamperError(Fault.ALTERED, number, f"{name}, line {number}: no entry of a log ({error}).") from error
    if not same:
        message = f"{name}, line {number}: not written as an export writes it (canonical JSON, RFC 8785)."
        raise TamperError(Fault.ALTERED, number, message)
    return entry
