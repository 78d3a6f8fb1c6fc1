"""Aspects that a user wants no part of their picture to be: deleted tags, until they are restored."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.storage.catalogue_tables import HiddenAspectRow


def hide_aspect(session: Session, user: str, aspect: str) -> HiddenAspectRow:
    """Hide a (case-folded) aspect from one user's reasons and tags; the caller commits.

    A second time is refused by the database when the session is flushed.
    """
    row = HiddenAspectRow(user_id=user, aspect=aspect)
    session.add(row)
    session.flush()
    return row


def hidden_rows(session: Session, user: str) -> list[HiddenAspectRow]:
    """Return what the user has hidden, oldest first."""
    query = select(HiddenAspectRow).where(HiddenAspectRow.user_id == user)
    return list(session.scalars(query.order_by(HiddenAspectRow.created_at, HiddenAspectRow.aspect)))


def show_aspects(session: Session, rows: Iterable[HiddenAspectRow]) -> None:
    """Take hidden aspects back; the caller commits."""
    for row in rows:
        session.delete(row)
