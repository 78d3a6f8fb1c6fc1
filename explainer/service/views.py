"""Who looks at customers' records: every look by anyone but the shop's own program is itself on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.access import Caller, Role
from explainer.audit import log
from explainer.audit.staff import on_record
from explainer.storage.cursors import mark, page_of
from explainer.storage.erasing import stays_held
from explainer.storage.personal import NOBODY
from explainer.storage.reading_tables import ViewRow
from explainer.storage.staff import Names, names_of

_EVERYBODY = "*"
"""What records call the subject of a look at everybody's."""


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks, and what for.

    Attributes:
        caller: Who they are.
        ticket: Of the case; empty where none was given.
        purpose: What for; empty likewise.
    """

    caller: Caller
    ticket: str = ""
    purpose: str = ""

    @property
    def is_app(self) -> bool:
        """Whether it is a shop's program, which acts for its customers: they look at their own records."""
        return self.caller.role is Role.APP

    @property
    def sees_sensitive(self) -> bool:
        """Whether sensitive evidence is shown to them: to support only for a ticket and a purpose."""
        return self.caller.role is not Role.SUPPORT or bool(self.ticket and self.purpose)


class View(msgspec.Struct, frozen=True):
    """That somebody looked at a customer's record.

    Attributes:
        viewer: Name of the person or key; an id where they were removed since.
        role: Their role.
        what: What they looked at, e.g. ``explanation``.
        record: Which one; empty where there is none.
        ticket: Of the case it was for; may be empty.
        purpose: What for; may be empty.
        unmasked: Whether sensitive evidence was shown.
    """

    id: str
    viewer: str
    role: str
    what: str
    record: str
    ticket: str
    purpose: str
    unmasked: bool
    at: datetime


def note_view(
    session: Session,
    caller: Caller,
    subject: str | None,
    what: str,
    record_id: str = "",
    ticket: str = "",
    purpose: str = "",
    *,
    unmasked: bool = False,
) -> None:
    """Record that somebody looked at a customer's record, in the caller's transaction; an app's look is its customer's.

    Of somebody of whom nothing is held, or no longer, it is not kept who it was and what for: that would be all that is
    held of them.

    Args:
        session: Open session that has not written anything that an erasure waits for.
        caller: Who looks.
        subject: Whose record it is; None for everybody's.
        what: What it is, e.g. ``explanation``.
        record_id: Which one.
        ticket: Of the case it is for.
        purpose: What for.
        unmasked: Whether sensitive evidence is shown.
    """
    if caller.role is Role.APP:
        return
    row = ViewRow(
        viewer=on_record(session, caller.name),
        role=caller.role.value,
        subject=subject,
        what=what,
        record_id=record_id,
        ticket=ticket,
        purpose=purpose,
        unmasked=unmasked,
    )
    if subject is not None and not stays_held(session, subject):
        for name, nothing in NOBODY.items():
            setattr(row, name, nothing)
    session.add(row)
    session.flush()
    log.append(session, "record.viewed", row.id, view_record(row), [row.subject] if row.subject else [])


def view_record(row: ViewRow) -> dict[str, Any]:
    """Return a look as plain JSON data: what its audit entry is the digest of."""
    subject = _EVERYBODY if row.subject is None else row.subject
    return {"subject": subject, **msgspec.to_builtins(_view(row, Names()))}


def note_look(
    session: Session, looker: Looker, subject: str | None, what: str, record_id: str = "", *, sensitive: bool = False
) -> None:
    """Record a look (see :func:`note_view`); ``sensitive`` says that there is something which not everybody sees."""
    note_view(
        session,
        looker.caller,
        subject,
        what,
        record_id,
        looker.ticket,
        looker.purpose,
        unmasked=sensitive and looker.sees_sensitive,
    )


def list_views(
    session: Session, subject: str, limit: int, cursor: str | None = None
) -> tuple[Sequence[View], str | None]:
    """Return a page of who looked at a customer's record, newest first, and the next page's cursor.

    Raises:
        CursorError: If the cursor is none of ours, or of another list.
    """
    query = select(ViewRow).where(ViewRow.subject == subject)
    rows, following = page_of(session, query, (ViewRow.at, ViewRow.id), mark("views", user=subject), limit, cursor)
    names = names_of(session, [row.viewer for row in rows])
    return [_view(row, names) for row in rows], following


def _view(row: ViewRow, names: Names) -> View:
    viewer = names[row.viewer]
    return View(row.id, viewer, row.role, row.what, row.record_id, row.ticket, row.purpose, row.unmasked, row.at)
