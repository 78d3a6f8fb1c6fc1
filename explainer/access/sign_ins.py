"""Who is signed in where: the browser holds a random token, we hold its hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from explainer.access.purposes import check_purpose
from explainer.access.roles import Caller, Role, granted_to_key
from explainer.audit.log import append
from explainer.errors import NotFoundError
from explainer.storage.access_tables import PersonRow, SignInRow
from explainer.storage.base import now

LIFETIME = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person who is signed in.

    Attributes:
        caller: Who they are and what they may do.
        csrf: What their forms must carry (OWASP, synchronizer token pattern).
        ticket: Of the case they are at work on; empty where there is none.
        purpose: What for they look at customers' records; empty likewise.
    """

    caller: Caller
    csrf: str
    ticket: str = ""
    purpose: str = ""


def sign_in(session: Session, person: PersonRow, at: datetime | None = None) -> str:
    """Return the token for a browser of a person whose password was checked."""
    moment = at or now()
    token = secrets.token_urlsafe(32)
    session.execute(delete(SignInRow).where(SignInRow.expires_at <= moment))
    csrf = secrets.token_urlsafe(32)
    session.add(
        SignInRow(digest=_digest(token), person=person.name, csrf=csrf, created_at=moment, expires_at=moment + LIFETIME)
    )
    append(session, "person.signed_in", person.id, {"name": person.name})
    return token


def signed_in(session: Session, token: str, at: datetime | None = None) -> SignIn | None:
    """Return who holds the token; None if nobody does any more."""
    row = session.get(SignInRow, _digest(token))
    if row is None or row.expires_at <= (at or now()):
        return None
    person = session.get(PersonRow, row.person)
    if person is None or person.disabled:
        return None
    role = Role(person.role)
    return SignIn(Caller(person.name, role, granted_to_key(role), row.expires_at), row.csrf, row.ticket, row.purpose)


def set_purpose(session: Session, token: str, ticket: str, purpose: str) -> None:
    """Keep for what somebody looks at customers' records from now on; two empty words end it.

    Raises:
        AccessError: If one is missing, or too short or long.
        NotFoundError: If nobody holds the token any more.
    """
    if ticket or purpose:
        check_purpose(ticket, purpose)
    row = session.get(SignInRow, _digest(token))
    if row is None or row.expires_at <= now():
        raise NotFoundError("You are signed out; sign in again.")
    row.ticket, row.purpose = ticket, purpose
    person = session.get_one(PersonRow, row.person)
    # Not which: both may name the customer, and are on record with every look, where an erasure finds them.
    append(session, "person.purpose_set", person.id, {"name": row.person, "set": bool(ticket)})


def sign_out(session: Session, token: str) -> None:
    """Forget the token."""
    session.execute(delete(SignInRow).where(SignInRow.digest == _digest(token)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
