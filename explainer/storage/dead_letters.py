"""Explanations that could not be written before anybody asked, each with the reason."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from explainer.storage.base import now
from explainer.storage.bulk_tables import DeadLetterRow
from explainer.storage.erasing import begin_writing, still_known
from explainer.storage.once import insert_once
from explainer.writing.style import Style

WHOLE_LIST = ""
"""Stands for the item where already the user's list could not be made."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What could not be done.

    Attributes:
        user: For whom.
        item: The item, or :data:`WHOLE_LIST`.
        stage: ``prepare``, ``write`` or ``store``.
        reason: Why.
    """

    user: str
    item: str
    stage: str
    reason: str


def settle(session: Session, users: Collection[str], failures: Sequence[Failed], style: Style) -> None:
    """Keep what failed this time and forget what failed before, in the caller's transaction.

    Nothing is kept about those of whom nothing is known, or no longer: they may have been erased.

    Args:
        session: Open session that has not read anything.
        users: Those whose explanations were tried.
        failures: What failed.
        style: Reader and language.
    """
    begin_writing(session)
    known = still_known(session, {one.user for one in failures})
    again = {(one.user, one.item) for one in failures}
    # All in one order: two that settle the same the other way round would wait for each other.
    order = (DeadLetterRow.user_id, DeadLetterRow.item_id)
    earlier = _letters(style).where(DeadLetterRow.user_id.in_(users)).order_by(*order).with_for_update()
    for row in session.scalars(earlier).all():
        if (row.user_id, row.item_id) not in again:
            session.delete(row)
    session.flush()
    for one in sorted(failures, key=attrgetter("user", "item")):
        if one.user in known:
            _note(session, one, style)


def have_failures(session: Session, users: Collection[str], style: Style) -> bool:
    """Return whether anything of these users' failed before."""
    return session.scalar(_letters(style).where(DeadLetterRow.user_id.in_(users)).limit(1)) is not None


def _note(session: Session, one: Failed, style: Style) -> None:
    at = now()
    key = {"user_id": one.user, "item_id": one.item, "locale": style.locale, "audience": style.audience}
    insert_once(session, DeadLetterRow, [key | {"stage": one.stage, "reason": one.reason, "tries": 0, "at": at}])
    mine = [getattr(DeadLetterRow, name) == value for name, value in key.items()]
    told = {"stage": one.stage, "reason": one.reason, "tries": DeadLetterRow.tries + 1, "at": at}
    session.execute(update(DeadLetterRow).where(*mine).values(**told))


def _letters(style: Style) -> Select[DeadLetterRow]:
    return select(DeadLetterRow).where(DeadLetterRow.locale == style.locale, DeadLetterRow.audience == style.audience)


def users_with_failures(session: Session, style: Style) -> list[str]:
    """Return the users of whose explanations for this reader some failed."""
    return sorted({row.user_id for row in session.scalars(_letters(style))})


def dead_letters(session: Session, limit: int) -> list[DeadLetterRow]:
    """Return what failed, the newest first."""
    order = (DeadLetterRow.at.desc(), DeadLetterRow.user_id, DeadLetterRow.item_id)
    return list(session.scalars(select(DeadLetterRow).order_by(*order).limit(limit)))
