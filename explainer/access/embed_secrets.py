"""The secret behind the tokens of :mod:`explainer.access.embed_tokens`: one for all processes, made by the first.

It lies in the database as it is: whoever can read that can read the explanations, too. After a rotation the one before
counts for a while, so that the pages that are open go on working.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from explainer.access.embed_tokens import LEEWAY, LONGEST
from explainer.audit.log import append
from explainer.errors import ConflictError
from explainer.storage.base import now
from explainer.storage.database import Database
from explainer.storage.once import insert_once
from explainer.storage.service_tables import SecretRow

OVERLAP = LONGEST + LEEWAY
"""What the longest-lived token needs."""
_NAME = "embed"


class _Kept(msgspec.Struct, frozen=True):
    """What the row holds: the secret, the one before it and until when that one counts, in Unix seconds."""

    current: str
    previous: str = ""
    until: float = 0.0


def embed_secrets(database: Database, at: datetime | None = None) -> list[bytes]:
    """Return the secrets that count, the newest first; the first call ever makes one.

    Args:
        database: Where it lies.
        at: The moment that counts; now by default.
    """
    with database.session() as session:
        row = session.get(SecretRow, _NAME)
    if row is None:
        with database.session() as session:
            row = _made(session)
    kept = _kept(row)
    found = [kept.current]
    if kept.previous and (at or now()).timestamp() < kept.until:
        found.append(kept.previous)
    return [secret.encode() for secret in found]


def rotate_embed_secret(session: Session, overlap: timedelta = OVERLAP) -> datetime:
    """Make a new secret; return until when the one before still counts.

    Args:
        session: Open session.
        overlap: How long that is. Zero ends every token at once: for a secret that others have seen.

    Raises:
        ConflictError: If somebody else did so at the same time.
    """
    row = _made(session)
    until = now() + overlap
    renewed = _written(_Kept(_new(), _kept(row).current, until.timestamp()))
    ours = update(SecretRow).where(SecretRow.name == _NAME, SecretRow.value == row.value)
    change = ours.values(value=renewed, created_at=now()).execution_options(synchronize_session=False)
    done = session.execute(change)
    if not isinstance(done, CursorResult) or done.rowcount != 1:
        raise ConflictError("Somebody else rotated the secret just now; once is enough.")
    append(session, "embed_secret.rotated", _NAME, {"name": _NAME, "previous_until": until.isoformat()})
    return until


def _made(session: Session) -> SecretRow:
    insert_once(session, SecretRow, [{"name": _NAME, "value": _written(_Kept(_new())), "created_at": now()}])
    return session.get_one(SecretRow, _NAME)


def _new() -> str:
    return secrets.token_urlsafe(32)


def _kept(row: SecretRow) -> _Kept:
    return msgspec.json.decode(row.value, type=_Kept)


def _written(kept: _Kept) -> str:
    return msgspec.json.encode(kept).decode()
