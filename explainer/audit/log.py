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
from typing import Any

import rfc8785
from sqlalchemy import event as sql_event
from sqlalchemy.orm import Session

from explainer.audit.appending import Waiting, take_turn, write
from explainer.audit.nodes import head_of
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import now

__all__ = ["append", "digest_of", "head_of", "proves", "take_turn"]


_WAITING = "audit entries"
_SALT_BYTES = 16


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
    waiting.append(Waiting(event, record_id, salt, digest_of(record, salt), now(), frozenset(subjects)))


def digest_of(record: Mapping[str, Any], salt: bytes = b"") -> str:
    """Return the SHA-256 of a salt and the record as canonical JSON, hexadecimal."""
    return hashlib.sha256(salt + rfc8785.dumps(dict(record))).hexdigest()


def proves(entry: AuditEntryRow, record: Mapping[str, Any]) -> bool:
    """Return whether an entry is about this very record, as it is."""
    salt = b"" if entry.salt is None else bytes.fromhex(entry.salt.value)
    return hmac.compare_digest(entry.digest, digest_of(record, salt))


def _write(session: Session) -> None:
    """Number and write what waits, as the last thing before the commit."""
    waiting: list[Waiting] = session.info[_WAITING]
    if waiting:
        session.flush()
        write(session, waiting)
        waiting.clear()
