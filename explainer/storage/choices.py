"""What a user has chosen: which behaviours must not be used, and whether any may be."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, Connection, CursorResult, bindparam, delete, literal, select, union_all, update
from sqlalchemy.orm import Session

from explainer.storage.base import now
from explainer.storage.catalogue_tables import HiddenAspectRow
from explainer.storage.choice_tables import ExclusionRow, UserSettingsRow
from explainer.storage.once import insert_once
from retriever.data import History

_EXCLUDED, _HIDDEN, _SWITCHED_OFF = "excluded", "hidden", "switched off"
_USER: BindParameter[str] = bindparam("user")
# Every explanation asks for it, so it is one statement, made once.
_CHOSEN = union_all(
    select(literal(_EXCLUDED), ExclusionRow.behaviour_id).where(ExclusionRow.user_id == _USER),
    select(literal(_HIDDEN), HiddenAspectRow.aspect).where(HiddenAspectRow.user_id == _USER),
    select(literal(_SWITCHED_OFF), UserSettingsRow.user_id).where(
        UserSettingsRow.user_id == _USER, UserSettingsRow.personalised.is_(False)
    ),
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user has chosen.

    Attributes:
        excluded: Ids of the behaviours that must not be used.
        personalised: Whether anything they did may be; else the list goes by popularity alone.
        hidden: Case-folded aspects that are no reasons for them.
    """

    excluded: frozenset[str] = frozenset()
    personalised: bool = True
    hidden: frozenset[str] = frozenset()

    def set_aside(self, history: History) -> frozenset[str]:
        """Return the ids of the history's behaviours that are out of account: the excluded ones, or all."""
        ids = frozenset(behaviour.id for behaviour in history.behaviours)
        return ids & self.excluded if self.personalised else ids

    def applied(self, history: History) -> History:
        """Return the history with these behaviours set aside."""
        return history.set_aside(self.set_aside(history))


def load_choices(session: Session | Connection, user: str) -> Choices:
    """Return what the user has chosen, by one statement; without a word from them everything is as usual."""
    told: dict[str, set[str]] = {_EXCLUDED: set(), _HIDDEN: set(), _SWITCHED_OFF: set()}
    for what, which in session.execute(_CHOSEN, {"user": user}):
        told[what].add(which)
    return Choices(frozenset(told[_EXCLUDED]), not told[_SWITCHED_OFF], frozenset(told[_HIDDEN]))


def exclusion_rows(session: Session, user: str) -> list[ExclusionRow]:
    """Return what the user has excluded, oldest first."""
    query = select(ExclusionRow).where(ExclusionRow.user_id == user)
    return list(session.scalars(query.order_by(ExclusionRow.created_at, ExclusionRow.behaviour_id)))


def exclude(session: Session, user: str, behaviours: Sequence[str]) -> list[ExclusionRow]:
    """Exclude behaviours and return the rows that are new; the caller commits.

    Written before anything is read, and told apart by their random ids: of two who exclude the same at the same moment,
    one has made it.
    """
    at = now()
    made = {str(uuid.uuid4()): behaviour for behaviour in behaviours}
    rows = [{"id": key, "user_id": user, "behaviour_id": one, "created_at": at} for key, one in made.items()]
    insert_once(session, ExclusionRow, rows)
    return [row for row in exclusion_rows(session, user) if row.id in made]


def include(session: Session, user: str, behaviours: Sequence[str]) -> list[ExclusionRow]:
    """Take exclusions back and return the rows that are gone; the caller commits."""
    query = delete(ExclusionRow).where(ExclusionRow.user_id == user, ExclusionRow.behaviour_id.in_(behaviours))
    return list(session.scalars(query.returning(ExclusionRow)))


def switch(session: Session, user: str, *, personalised: bool) -> UserSettingsRow | None:
    """Store whether anything the user did may be used; return the row if that is new, else None. The caller commits."""
    fresh = {"id": str(uuid.uuid4()), "user_id": user, "personalised": personalised, "changed_at": now()}
    insert_once(session, UserSettingsRow, [fresh])
    other = update(UserSettingsRow).where(
        UserSettingsRow.user_id == user, UserSettingsRow.personalised.is_not(personalised)
    )
    found = session.execute(other.values(personalised=personalised, changed_at=fresh["changed_at"]))
    row = session.get_one(UserSettingsRow, user)
    changed = isinstance(found, CursorResult) and found.rowcount == 1
    return row if changed or row.id == fresh["id"] else None
