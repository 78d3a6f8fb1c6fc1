"""Logs to verify: the one in a database, and exports of it, one entry at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import rfc8785
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from explainer.audit.entries import entry_bytes
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import Node
from explainer.audit.verify import Fault, LogEntry, TamperError
from explainer.storage.tables import AuditEntryRow, AuditNodeRow

_CHUNK = 5000
_LONGEST_LINE = 10_000
_COLUMNS = (
    AuditEntryRow.seq,
    AuditEntryRow.at,
    AuditEntryRow.event,
    AuditEntryRow.record_id,
    AuditEntryRow.digest,
    AuditEntryRow.leaf,
)


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
    after = None
    while True:
        query = select(*_COLUMNS).order_by(AuditEntryRow.seq).limit(_CHUNK)
        try:
            chunk = session.execute(query if after is None else query.where(AuditEntryRow.seq > after)).all()
        except (DBAPIError, SQLAlchemyError, ValueError, TypeError, AttributeError) as error:
            raise VerificationError(f"After entry {after or 0} the log cannot be read: {error}") from error
        if not chunk:
            return
        for row in chunk:
            yield LogEntry(*row)
        after = chunk[-1][0]


def stored_nodes(session: Session) -> Callable[[Node], None]:
    """Return what compares a node of the tree with the stored one; a level and place at a time, in chunks."""
    ahead: dict[int, dict[int, str]] = {}

    def compare(node: Node) -> None:
        level, place, digest = node
        known = ahead.get(level)
        if known is None or place not in known:
            known = ahead[level] = _nodes(session, level, place)
        if known.get(place) != digest.hex():
            raise TamperError(
                Fault.NODE,
                place << level,
                f"The tree's node at level {level}, place {place} is missing or was altered; the entries below it fit.",
            )

    return compare


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
    """Yield the lines of an export."""
    for entry in stored_entries(session):
        yield entry_bytes(entry.seq, entry.at, entry.event, entry.record_id, entry.digest) + b"\n"


def size_of(session: Session) -> int:
    """Return how many entries there are, for a progress bar."""
    return session.scalar(select(func.max(AuditEntryRow.seq))) or 0


def _entry(line: bytes, number: int, name: str) -> LogEntry:
    try:
        read = msgspec.json.decode(line, type=_Line)
        entry = LogEntry(read.seq, read.at, read.event, read.record, read.digest)
        same = entry_bytes(entry.seq, entry.at, entry.event, entry.record_id, entry.digest) + b"\n" == line
    except (msgspec.MsgspecError, UnicodeError, ValueError, rfc8785.CanonicalizationError) as error:
        raise VerificationError(f"{name}, line {number}: no entry of a log ({error}).") from error
    if not same:
        raise VerificationError(
            f"{name}, line {number}: not written as an export writes it (canonical JSON, RFC 8785)."
        )
    return entry


def _nodes(session: Session, level: int, place: int) -> dict[int, str]:
    mine = select(AuditNodeRow.place, AuditNodeRow.hash).where(
        AuditNodeRow.level == level, AuditNodeRow.place >= place, AuditNodeRow.place < place + _CHUNK
    )
    return {row.place: row.hash for row in session.execute(mine)}
