"""A change of a registry and its audit entry, in one transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.audit.staff import on_record
from explainer.storage.changes import Action, InUse, append_change
from explainer.storage.version_tables import RegistryChangeRow


def note_change(session: Session, kind: str, scope: str, action: Action, use: InUse, by: str) -> RegistryChangeRow:
    """Write down a change, who made it and its audit entry; the caller commits all or nothing."""
    row = append_change(session, kind, scope, action, use, on_record(session, by))
    log.append(session, f"{kind}.{action.value}", row.id, change_record(row))
    return row


def change_record(row: RegistryChangeRow) -> dict[str, Any]:
    """Return a change as plain JSON data: what its audit entry is the digest of."""
    # Entries of changes before it was kept who made them are digests of records without it.
    by = {} if row.by is None else {"by": row.by}
    return by | {
        "id": row.id,
        "kind": row.kind,
        "scope": row.scope,
        "number": row.number,
        "action": row.action,
        "version": row.version,
        "other": row.other,
        "percent": row.percent,
        "split": row.split,
        "at": row.at.isoformat(),
    }
