"""The audit log: what happened to which record, with a digest of the record as it was; append-only.

The digest is SHA-256 over a random salt and canonical JSON (RFC 8785). Whoever has record and salt can prove that it is
the one meant; whoever has the log alone can guess nothing, and once both are erased nobody can.
Entries are the leaves of a Merkle tree (RFC 6962) that grows with them: its root at any size vouches for every entry
before. Numbers are given at the moment of commit, one writer after the other, so there are no gaps, and an entry is
committed with what it records or not at all.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import event as sql_event
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from explainer.audit.entries import leaf_of
from explainer.audit.merkle import Tree, peaks_of
from explainer.audit.nodes import hashes_of
from explainer.storage.tables import AuditEntryRow, AuditNodeRow, AuditSaltRow, AuditSubjectRow, now

_WAITING = "audit entries"
# Any number will do that nothing else in the database locks.
_LOCK = 0x6C6F67
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class _Entry:
    event: str
    record_id: str
    salt: bytes
    digest: str
    at: datetime
    subjects: frozenset[str]


def append(
    session: Session, event: str, record_id: str, record: Mapping[str, Any], subjects: Collection[str] = ()
) -> None:
    """Add an entry in the caller's transaction: it is committed with what it records, or not at all.

    It gets its number when the transaction is committed, and cannot be read before.

    Args:
        session: Open session.
        event: What happened.
        record_id: To which record: a random id or a hash, never what tells of anybody, since it stays for ever.
        record: What the digest is made of.
        subjects: Users whom it is about: its salt goes when one of them is erased.
    """
    waiting = session.info.get(_WAITING)
    if waiting is None:
        waiting = session.info[_WAITING] = []
        sql_event.listen(session, "before_commit", _write)
        sql_event.listen(session, "after_rollback", lambda _: waiting.clear())
    salt = secrets.token_bytes(_SALT_BYTES)
    waiting.append(_Entry(event, record_id, salt, digest_of(record, salt), now(), frozenset(subjects)))


def digest_of(record: Mapping[str, Any], salt: bytes = b"") -> str:
    """Return the SHA-256 of a salt and the record as canonical JSON, hexadecimal."""
    return hashlib.sha256(salt + rfc8785.dumps(dict(record))).hexdigest()


def proves(entry: AuditEntryRow, record: Mapping[str, Any]) -> bool:
    """Return whether an entry is about this very record, as it is."""
    salt = b"" if entry.salt is None else bytes.fromhex(entry.salt.value)
    return hmac.compare_digest(entry.digest, digest_of(record, salt))


def head_of(session: Session) -> Tree:
    """Return the log's tree as it is in the session's transaction."""
    size = session.scalar(select(func.max(AuditEntryRow.seq))) or 0
    return Tree(size, hashes_of(session, peaks_of(size)))


def _write(session: Session) -> None:
    """Number and write what waits, as the last thing before the commit."""
    waiting: list[_Entry] = session.info[_WAITING]
    if not waiting:
        return
    session.flush()
    take_turn(session)
    tree = head_of(session)
    entries, salts, nodes, subjects = [], [], [], []
    for entry in waiting:
        seq = tree.size + 1
        leaf = leaf_of(seq, entry.at, entry.event, entry.record_id, entry.digest)
        nodes += [
            {"level": level, "place": place, "hash": made.hex()} for level, place, made in tree.append(leaf) if level
        ]
        salts.append({"seq": seq, "value": entry.salt.hex()})
        subjects += [{"subject": subject, "seq": seq} for subject in sorted(entry.subjects)]
        entries.append(
            {
                "seq": seq,
                "event": entry.event,
                "record_id": entry.record_id,
                "digest": entry.digest,
                "at": entry.at,
                "leaf": leaf.hex(),
            }
        )
    session.execute(insert(AuditEntryRow), entries)
    session.execute(insert(AuditSaltRow), salts)
    if nodes:
        session.execute(insert(AuditNodeRow), nodes)
    if subjects:
        session.execute(insert(AuditSubjectRow), subjects)
    waiting.clear()


def take_turn(session: Session) -> None:
    """Wait until no other transaction has entries to commit; the turn ends with this one's.

    Whoever has it must not wait for rows that others hold: they may be waiting for their turn.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    else:
        # SQLite has one writer at a time; this makes sure that it is us before we read where the log ends.
        session.execute(text("UPDATE audit_entries SET seq = seq WHERE 0"))
