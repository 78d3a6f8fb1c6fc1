"""People and their passwords: Argon2id (RFC 9106), and a pause after wrong ones that grows.

Whoever tries a password learns only that it did not work: an unknown name, a locked one and a wrong password take the
same time and get the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from explainer.access.names import check_name
from explainer.access.roles import Role
from explainer.audit.log import append
from explainer.audit.staff import forget
from explainer.errors import AccessError, ConflictError, NotFoundError, SignInError
from explainer.storage.access_tables import PersonRow, SignInRow
from explainer.storage.base import now
from explainer.storage.retention import without_salt

ADDED, DISABLED, REMOVED = "person.added", "person.disabled", "person.removed"
MIN_PASSWORD = 12
_FREE_TRIES = 5
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_WRONG = "Name or password is wrong, or there were too many tries; wait a little and try again."


def add_person(session: Session, name: str, role: Role, password: str) -> None:
    """Let somebody sign in.

    Raises:
        AccessError: If the password is too short, or is the name; if nobody can be called so.
        ConflictError: If there is such a person.
    """
    check_name(name)
    _require_good(name, password)
    if session.get(PersonRow, name) is not None:
        raise ConflictError(f"There is a person {name!r} already; give them a password with: explainer people password")
    row = PersonRow(name=name, role=role.value, password=PasswordHasher().hash(password))
    session.add(row)
    session.flush()
    append(session, ADDED, row.id, person_record(row))


def set_password(session: Session, name: str, password: str) -> None:
    """Give somebody a new password; it also ends a pause, and whoever came in with the old one is out.

    Raises:
        AccessError: If it is too short, or is the name.
        NotFoundError: If there is no such person.
    """
    _require_good(name, password)
    row = _person(session, name)
    row.password, row.failures, row.locked_until = PasswordHasher().hash(password), 0, None
    session.execute(delete(SignInRow).where(SignInRow.person == name))
    append(session, "person.password", row.id, {"name": name})


def disable(session: Session, name: str) -> None:
    """Let somebody in no more.

    Raises:
        NotFoundError: If there is no such person.
    """
    row = _person(session, name)
    row.disabled = True
    append(session, DISABLED, row.id, disabled_record(row))


def remove_person(session: Session, name: str) -> None:
    """Remove somebody wherever they are signed in, their name beside what they did, and salts of entries about them.

    Records and entries stay, and from then on nobody can find out whom they are about, not even by trying names.
    Whoever is on record and never signed in is forgotten likewise: a key's name, or one at the command line.

    Raises:
        NotFoundError: If nobody of that name is there or on record.
    """
    known = forget(session, name)
    if known and session.get(PersonRow, name) is None:
        return
    row = _person(session, name)
    session.execute(delete(SignInRow).where(SignInRow.person == name))
    session.delete(row)
    session.flush()  # whoever signs in meanwhile holds the row, so what the log says of that is there by now
    without_salt(session, [row.id])
    append(session, REMOVED, row.id, {"id": row.id})


def forget_person(session: Session, name: str) -> None:
    """Remove somebody if they are there."""
    if session.get(PersonRow, name) is not None:
        remove_person(session, name)


def person_record(row: PersonRow) -> dict[str, Any]:
    """Return what the audit entry of somebody who may sign in is about."""
    return {"name": row.name, "role": row.role}


def disabled_record(row: PersonRow) -> dict[str, Any]:
    """Return what the audit entry of somebody who was shut out is about; of nothing where they are let in again."""
    return {"name": row.name} if row.disabled else {}


def list_people(session: Session) -> Sequence[PersonRow]:
    """Return everybody, by name."""
    return session.scalars(select(PersonRow).order_by(PersonRow.name)).all()


def check_password(session: Session, name: str, password: str, at: datetime | None = None) -> PersonRow:
    """Return the person whose password this is, and forget earlier failures.

    A failure is counted in the caller's transaction, which must be committed all the same.

    Args:
        session: Database session.
        name: Name of the person.
        password: As it was given.
        at: The moment that counts; now by default.

    Raises:
        SignInError: If it is not theirs, or no password of theirs is looked at now.
    """
    moment = at or now()
    hasher = PasswordHasher()
    stored = session.scalar(select(PersonRow.password).where(PersonRow.name == name))
    if stored is None:
        hasher.hash(password)  # takes as long as checking one
        raise SignInError(_WRONG)
    right = _is_right(hasher, stored, password)
    # Only now: hashing takes long, and SQLite has one lock for all who write.
    row = _held(session, name)
    if row is None or row.password != stored:  # changed meanwhile
        raise SignInError(_WRONG)
    if row.disabled or (row.locked_until is not None and row.locked_until > moment):
        raise SignInError(_WRONG)
    if not right:
        row.failures += 1
        if row.failures >= _FREE_TRIES:
            pause = _FIRST_PAUSE * 2 ** min(row.failures - _FREE_TRIES, 10)
            row.locked_until = moment + min(pause, _LONGEST_PAUSE)
        raise SignInError(_WRONG)
    row.failures, row.locked_until = 0, None
    if hasher.check_needs_rehash(row.password):
        row.password = hasher.hash(password)
    return row


def _held(session: Session, name: str) -> PersonRow | None:
    """Return a person as they are now, whom nobody else changes before the transaction ends.

    By an update that changes nothing: SQLite knows no FOR UPDATE, and whoever tries at the same time would count from
    the same number.
    """
    hold = update(PersonRow).where(PersonRow.name == name).values(failures=PersonRow.failures).returning(PersonRow)
    return session.scalar(hold, execution_options={"populate_existing": True})


def _is_right(hasher: PasswordHasher, stored: str, password: str) -> bool:
    try:
        return hasher.verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False


def _person(session: Session, name: str) -> PersonRow:
    row = session.get(PersonRow, name)
    if row is None:
        raise NotFoundError(f"There is no person {name!r}; see: explainer people list")
    return row


def _require_good(name: str, password: str) -> None:
    if len(password) < MIN_PASSWORD:
        raise AccessError(
            f"A password needs at least {MIN_PASSWORD} characters; a few words in a row are easy to keep."
        )
    if password.casefold() == name.casefold() or len(set(password)) < MIN_PASSWORD // 2:
        raise AccessError("This password is too easy to guess; a few words in a row are easy to keep.")
