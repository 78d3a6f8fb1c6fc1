"""Logs to verify: the one in a database, and exports of it, one entry at a time."""

from __future__ import annotations

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
WITH log AS (SELECT coalesce(max(seq), 0) AS size FROM audit_entries)
SELECT level, place, size FROM audit_nodes, log
WHERE level < 1 OR level > 62 OR place < 0 OR CAST(place + 1 AS bigint) << level > size LIMIT 1
""")


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: datetime
    digest: str
    event: str
    record: str
    seq: int


def stored_entries(session: Session) -> Iterator[LogEntry]:
    """Yield the entries of a database by their numbers.

    Raises:
        VerificationError: If a value is one that no entry has.
    """
    query, moment = _query(session.get_bind().dialect.name)
    after = None
    while True:
        mine = query if after is None else query.where(AuditEntryRow.seq > after)
        try:
            # Not through the session: what it makes of a row takes longer than to hash it.
            rows = session.connection().execute(mine).all()
            chunk = [LogEntry(row[0], moment(row[1]), *row[2:]) for row in rows]
        except _UNREADABLE as error:
            raise VerificationError(f"After entry {after or 0} the log cannot be read: {error}") from error
        if not chunk:
            return
        yield from chunk
        after = chunk[-1].seq


class StoredNodes:
    """Compares nodes of the tree with the stored ones, read ahead level by level.

    Args:
        session: Open session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
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
                place << level,
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
            raise VerificationError(f"The tree's nodes cannot be read: {error}") from error
        if found is not None:
            message = f"The tree has a node at level {found[0]}, place {found[1]}, where there is none."
            raise TamperError(Fault.NODE, found[2] + 1, message)

    def _read(self, level: int, place: int) -> dict[int, str]:
        mine = select(AuditNodeRow.place, AuditNodeRow.hash).where(
            AuditNodeRow.level == level, AuditNodeRow.place >= place, AuditNodeRow.place < place + _CHUNK
        )
        try:
            return {row[0]: row[1] for row in self._session.connection().execute(mine)}
        except _UNREADABLE as error:
            raise VerificationError(f"The tree's nodes at level {level} cannot be read: {error}") from error


def exported_entries(path: Path) -> Iterator[LogEntry]:
    """Yield the entries of an export, one a line.

    Raises:
        VerificationError: If a line is no entry, or not written as one is.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(_LONGEST_LINE + 1):
                number += 1
                yield _entry(line, number, path.name)
    except OSError as error:
        raise VerificationError(f"{path} cannot be read: {error.strerror}") from error


def export_entries(session: Session) -> Iterator[bytes]:
    """Yield the lines of an export.

    Raises:
        VerificationError: If an entry cannot be written, because somebody altered it.
    """
    for entry in stored_entries(session):
        try:
            yield entry_line(*entry[:5]) + b"\n"
        except (ValueError, TypeError) as error:
            raise VerificationError(f"Entry {entry.seq} was altered: it cannot be written.") from error


def _query(dialect: str) -> tuple[Select[*tuple[Any, ...]], Callable[[Any], str]]:
    """Return the query of a chunk, and what makes a moment as an entry has it out of what the query returns."""
    row = AuditEntryRow
    # SQLite keeps a moment as text. It is taken as it stands: what was done to it must not be read away.
    as_text = dialect == "sqlite"
    columns = (row.seq, type_coerce(row.at, String) if as_text else row.at, row.event, row.record_id, row.digest)
    query = select(*columns, func.coalesce(row.leaf, "")).order_by(row.seq).limit(_CHUNK)
    return query, _moment_of_text if as_text else moment_of


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
        raise VerificationError(f"{name}, line {number}: no entry of a log ({error}).") from error
    if not same:
        raise VerificationError(
            f"{name}, line {number}: not written as an export writes it (canonical JSON, RFC 8785)."
        )
    return entry
