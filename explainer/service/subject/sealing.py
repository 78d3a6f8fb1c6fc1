"""Seals made with the key that is outside the database: nobody who has that alone can put our removals on record."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.audit.outside import KEY_USED
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.records import sealed_record
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.removal_tables import RetentionRow


def note_key(session: Session, key: ErasureKey) -> None:
    """Put on record that a key is in use from here on."""
    log.append(session, KEY_USED, key.fingerprint, _use_of(key))


def is_use_of(key: ErasureKey, entry: AuditEntryRow) -> bool:
    """Return whether an entry says that a key is in use, and was made by somebody who has it."""
    try:
        return log.proves(entry, _use_of(key))
    except (ValueError, TypeError, AttributeError):
        return False


def is_sealed(key: ErasureKey, row: RetentionRow) -> bool:
    """Return whether a retention has a seal that was made with a key; what has not the form of one has none."""
    try:
        return hmac.compare_digest(row.seal or "", key.seal_of(sealed_record(row)))
    except (ValueError, TypeError, AttributeError):
        return False


def _use_of(key: ErasureKey) -> Mapping[str, Any]:
    return {"key": key.fingerprint, "seal": key.seal_of({"key": key.fingerprint})}
