"""API keys: made once, shown once, kept as a hash; each has a role, perhaps fewer scopes, perhaps an end."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select, update
from sqlalchemy.orm import Session

from explainer.access.names import check_name
from explainer.access.roles import Caller, Role, granted, granted_to_key
from explainer.audit.log import append
from explainer.errors import AccessError, NotFoundError
from explainer.storage.access_tables import ApiKeyRow
from explainer.storage.base import now
from explainer.storage.lookups import VALUES, Lookup
from explainer.storage.retention import without_salt

CREATED, REVOKED = "key.created", "key.revoked"
_PREFIX = 10
_FIND = Lookup(
    select(ApiKeyRow.digest, ApiKeyRow.name, ApiKeyRow.role, ApiKeyRow.scopes, ApiKeyRow.expires_at).where(
        ApiKeyRow.digest.in_(VALUES)
    )
)


def create_key(
    session: Session,
    name: str,
    role: Role = Role.APP,
    *,
    scopes: Sequence[str] | None = None,
    lifetime: timedelta | None = None,
) -> str:
    """Return a new key; only its hash is stored, so this is the one time it can be read.

    Keys of the same name are replaced: they stop working at once (:func:`rotate_key` gives their users time).

    Raises:
        AccessError: If the role does not have a scope, the lifetime is over before it began, or nothing can be
            called so.
    """
    check_name(name)
    granted(role, scopes)
    _remove(session, session.scalars(select(ApiKeyRow).where(ApiKeyRow.name == name)).all())
    return _add(session, name, role, scopes, lifetime)


def rotate_key(session: Session, name: str, overlap: timedelta) -> str:
    """Return a new key of the same name, role, scopes and lifetime; older ones stop working after ``overlap``.

    Raises:
        NotFoundError: If there is no such key.
    """
    newest = session.scalar(
        select(ApiKeyRow).where(ApiKeyRow.name == name).order_by(ApiKeyRow.created_at.desc()).limit(1)
    )
    if newest is None:
        raise NotFoundError(f"There is no API key {name!r}; see: explainer key list")
    lifetime = None if newest.expires_at is None else newest.expires_at - newest.created_at
    end = now() + overlap
    lasting = or_(ApiKeyRow.expires_at.is_(None), ApiKeyRow.expires_at > end)
    session.execute(update(ApiKeyRow).where(ApiKeyRow.name == name, lasting).values(expires_at=end))
    ending = {"name": name, "prefix": newest.prefix, "expires_at": end.isoformat()}
    append(session, "key.rotated", newest.prefix, ending)
    return _add(session, name, Role(newest.role), newest.scopes, lifetime)


def revoke_key(session: Session, name: str) -> None:
    """Let the keys of this name stop working.

    Raises:
        NotFoundError: If there is none.
    """
    rows = session.scalars(select(ApiKeyRow).where(ApiKeyRow.name == name)).all()
    if not rows:
        raise NotFoundError(f"There is no API key {name!r}; see: explainer key list")
    _remove(session, rows)


def list_keys(session: Session) -> Sequence[ApiKeyRow]:
    """Return all keys, by name, the newest of a name first."""
    return session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.name, ApiKeyRow.created_at.desc())).all()


def list_working(session: Session, at: datetime | None = None) -> Sequence[ApiKeyRow]:
    """Return the keys that still open something, in the same order.

    Args:
        session: Database session.
        at: The moment that counts; now by default.
    """
    moment = at or now()
    return [
        row for row in list_keys(session) if _works(_caller(row.name, row.role, row.scopes, row.expires_at), moment)
    ]


def find_key(reader: Session | Connection, key: str, at: datetime | None = None) -> Caller | None:
    """Return who has the key; None if there is no such key, or it is over.

    Args:
        reader: Database session or connection.
        key: The key as it was given.
        at: The moment that counts; now by default.
    """
    if isinstance(reader, Session):
        reader.flush()
        reader = reader.connection()
    return find_keys(reader, [key], at).get(key)


def find_keys(reader: Connection, keys: Collection[str], at: datetime | None = None) -> Mapping[str, Caller]:
    """Return who has each of some keys, without those that nobody has or that are over.

    Asked at every request, so that a revoked key stops at once: one small statement, and no object made of its rows.

    Args:
        reader: Database connection.
        keys: The keys as they were given.
        at: The moment that counts; now by default.
    """
    digests = {key: _digest(key) for key in keys}
    rows, at = _FIND.find(reader, digests.values()), at or now()
    found = {key: _caller(*rows[digest][1:]) for key, digest in digests.items() if digest in rows}
    return {key: one for key, one in found.items() if one and _works(one, at)}


def _works(caller: Caller | None, at: datetime) -> bool:
    return caller is not None and (caller.expires_at is None or caller.expires_at > at)


def _caller(name: str, held: str, scopes: Sequence[str] | None, expires_at: datetime | None) -> Caller | None:
    """Return who has a key; None where another version of the service has made it, for what is not known here."""
    try:
        role = Role(held)
        return Caller(name, role, granted_to_key(role, scopes), expires_at)
    except (ValueError, AccessError):
        return None


def count_keys(session: Session) -> int:
    """Return how many keys there are."""
    return session.scalar(select(func.count()).select_from(ApiKeyRow)) or 0


def _remove(session: Session, rows: Sequence[ApiKeyRow]) -> None:
    """Let keys stop working; the log calls them by their prefixes, since a name may tell of somebody.

    The salts of its entries about them go: nobody can find the names out any more by trying.
    """
    for row in rows:
        session.delete(row)
    session.flush()
    without_salt(session, [row.prefix for row in rows])
    for row in rows:
        append(session, REVOKED, row.prefix, {"prefix": row.prefix})


def _add(session: Session, name: str, role: Role, scopes: Sequence[str] | None, lifetime: timedelta | None) -> str:
    if lifetime is not None and lifetime <= timedelta(0):
        raise AccessError("A key must live for a while; give a positive number of days.")
    # 256 random bits: nothing to guess, so a plain fast hash protects it as well as a slow one would.
    key = f"rb_{secrets.token_urlsafe(32)}"
    created = now()
    row = ApiKeyRow(
        prefix=key[:_PREFIX],
        name=name,
        digest=_digest(key),
        created_at=created,
        role=role.value,
        scopes=None if scopes is None else sorted(scopes),
        expires_at=None if lifetime is None else created + lifetime,
    )
    session.add(row)
    append(session, CREATED, row.prefix, key_record(row))
    return key


def key_record(row: ApiKeyRow) -> dict[str, Any]:
    """Return what the audit entry of a key is about."""
    return {"name": row.name, "prefix": row.prefix, "role": row.role, "scopes": row.scopes}


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
