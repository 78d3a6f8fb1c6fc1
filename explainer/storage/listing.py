"""Explanations found by who, what and when, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from explainer.storage.cursors import page_of
from explainer.storage.tables import ExplanationRow


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; None does not narrow.

    Attributes:
        user: Whose.
        item: Of which item.
        source: ``model`` or ``template``.
        since: From this moment on.
        until: Before this moment.
    """

    user: str | None = None
    item: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_explanations(
    session: Session, search: Search, limit: int, cursor: str | None = None
) -> tuple[Sequence[ExplanationRow], str | None]:
    """Return a page of what is found, newest first, and the cursor of the next one; None after the last.

    Raises:
        CursorError: If the cursor is none of ours.
    """
    query = select(ExplanationRow).where(*_conditions(search))
    return page_of(session, query, (ExplanationRow.created_at, ExplanationRow.id), limit, cursor)


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    conditions = []
    if search.user is not None:
        conditions.append(ExplanationRow.user_id == search.user)
    if search.item is not None:
        conditions.append(ExplanationRow.item_id == search.item)
    if search.source is not None:
        conditions.append(ExplanationRow.source == search.source)
    if search.since is not None:
        conditions.append(ExplanationRow.created_at >= search.since)
    if search.until is not None:
        conditions.append(ExplanationRow.created_at < search.until)
    return conditions
