"""Numbers and writes entries at the end of the log, one transaction after the other.

On PostgreSQL every writer waits for the one before it to be on disk, so what is done in between decides how many
entries a second there can be. There it is one statement, a function of the database (migration 0015), which numbers,
hashes and grows the tree as this file does for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from explainer.audit.entries import entry_line, leaf_of, moment_of
from explainer.audit.nodes import head_of
from explainer.storage.audit_tables import AuditEntryRow, AuditNodeRow, AuditSaltRow, AuditSubjectRow
from explainer.storage.inserting import insert_values

# SQLite has one writer at a time; this makes sure that it is us before we read where the log ends.
_BE_WRITER = text("UPDATE audit_entries SET seq = seq WHERE 0")
_APPEND = text("SELECT audit_append(:entries)")
# Any number will do that nothing else in the database locks; audit_append has the same.
_TAKE_TURN = text("SELECT pg_advisory_xact_lock(7106407)")
_LAST = "0}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry that has no number yet.

    Attributes:
        event: What happened,
        record_id: to which record.
        salt: What the digest is salted with.
        digest: Of the record as it was, hexadecimal.
        at: When.
        subjects: Whom it is about.
    """

    event: str
    record_id: str
    salt: bytes
    digest: str
    at: datetime
    subjects: frozenset[str] = frozenset()


def write(session: Session, waiting: Sequence[Waiting]) -> None:
    """Number and write entries; nobody else can before the session's transaction has ended.

    Raises:
        VerificationError: If the log's tree has holes.
        ValueError: If an entry cannot be written as JSON.
    """
    if session.get_bind().dialect.name == "postgresql":
        told = [_told(one) for one in waiting]
        session.execute(_APPEND, {"entries": msgspec.json.encode(told).decode()})
    else:
        take_turn(session)
        _write_rows(session, waiting)


def take_turn(session: Session) -> None:
    """Wait until no other transaction has entries to commit; the turn ends with this one's.

    Whoever has it must not wait for rows that others hold: they may be waiting for their turn.
    """
    session.execute(_TAKE_TURN if session.get_bind().dialect.name == "postgresql" else _BE_WRITER)


def _told(one: Waiting) -> dict[str, Any]:
    """Return what the database's function is told of an entry: all but its number, with which its JSON ends."""
    moment = moment_of(one.at)
    begins = entry_line(0, moment, one.event, one.record_id, one.digest).decode().removesuffix(_LAST)
    return {
        "event": one.event,
        "record_id": one.record_id,
        "digest": one.digest,
        "at": moment,
        "salt": one.salt.hex(),
        "begins": begins,
        "subjects": sorted(one.subjects),
    }


def _write_rows(session: Session, waiting: Sequence[Waiting]) -> None:
    tree = head_of(session)
    entries, salts, nodes, subjects = [], [], [], []
    for one in waiting:
        seq = tree.size + 1
        leaf = leaf_of(seq, one.at, one.event, one.record_id, one.digest)
        nodes += [
            {"level": level, "place": place, "hash": made.hex()} for level, place, made in tree.append(leaf) if level
        ]
        salts.append({"seq": seq, "value": one.salt.hex()})
        subjects += [{"subject": subject, "seq": seq} for subject in sorted(one.subjects)]
        entries.append(
            {
                "seq": seq,
                "event": one.event,
                "record_id": one.record_id,
                "digest": one.digest,
                "at": one.at,
                "leaf": leaf.hex(),
            }
        )
    insert_values(session, AuditEntryRow, entries)
    insert_values(session, AuditSaltRow, salts)
    insert_values(session, AuditNodeRow, nodes)
    insert_values(session, AuditSubjectRow, subjects)
