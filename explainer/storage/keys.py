"""API keys: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from explainer.storage.tables import ApiKeyRow

_PREFIX = 10


def create_key(session: Session, name: str) -> str:
    """Return a new key; only its hash is stored, so this is the one time it can be read.

    A key of the same name is replaced: the old one stops working.
    """
    # 256 random bits: nothing to guess, so a plain fast hash protects it as well as a slow one would.
    key = f"rb_{secrets.token_urlsafe(32)}"
    session.execute(delete(ApiKeyRow).where(ApiKeyRow.name == name))
    session.add(ApiKeyRow(prefix=key[:_PREFIX], name=name, digest=_digest(key)))
    return key


def find_key(session: Session, key: str) -> str | None:
    """Return the name of the key, or None if there is no such key."""
    return session.scalar(select(ApiKeyRow.name).where(ApiKeyRow.digest == _digest(key)))


def count_keys(session: Session) -> int:
    """Return how many keys there are."""
    return session.scalar(select(func.count()).select_from(ApiKeyRow)) or 0


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
