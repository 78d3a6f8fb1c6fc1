"""Audit entries: what happened to which record, with a digest of the record as it was.

The digest is SHA-256 over canonical JSON (RFC 8785), so anyone with the record can prove that it is the one meant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785
from sqlalchemy.orm import Session

from explainer.storage.tables import AuditEntryRow


def append(session: Session, event: str, record_id: str, record: Mapping[str, Any]) -> None:
    """Add an entry in the caller's transaction: it is committed with what it records, or not at all."""
    session.add(AuditEntryRow(event=event, record_id=record_id, digest=digest_of(record)))


def digest_of(record: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the record as canonical JSON, hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(dict(record))).hexdigest()
