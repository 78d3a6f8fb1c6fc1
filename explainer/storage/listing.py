"""Explanations found by who, what and when, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from explainer.errors import SearchError
from explainer.storage.cursors import mark, page_of
from explainer.storage.explanation_tables import ExplanationRow, FeedbackRow

COMPLAINTS = ("wrong", "offensive")
"""Kinds of feedback that say a text is not as it should be."""


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; None does not narrow.

    Attributes:
        user: Whose.
        item: Of which item.
        source: ``model`` or ``template``.
        since: From this moment on, UTC where it names no zone.
        until: Before this moment, likewise.
        locale: In which language.
        audience: For which reader.
        recommender: Version of the recommender, or how it begins,
        writer: of the writer,
        prompt: and of the prompts.
        complained: Whether somebody found the text wrong or offensive.
    """

    user: str | None = None
    item: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    locale: str | None = None
    audience: str | None = None
    recommender: str | None = None
    writer: str | None = None
    prompt: str | None = None
    complained: bool | None = None


def list_explanations(
    session: Session, search: Search, limit: int, cursor: str | None = None
) -> tuple[Sequence[ExplanationRow], str | None]:
    """Return a page of what is found, newest first, and the cursor of the next one; None after the last.

    Raises:
        CursorError: If the cursor is none of ours, or of another search.
        SearchError: If the search can find nothing (see :func:`conditions_of`).
    """
    query, of = select(ExplanationRow).where(*conditions_of(search)), mark("explanations", **asdict(search))
    return page_of(session, query, (ExplanationRow.created_at, ExplanationRow.id), of, limit, cursor)


def conditions_of(search: Search) -> list[ColumnElement[bool]]:
    """Return what an explanation has to fulfil to be found.

    Raises:
        SearchError: If the search ends before it begins, or at a moment that no calendar has.
    """
    since, until = moment(search.since), moment(search.until)
    if since is not None and until is not None and until <= since:
        raise SearchError(f"The search ends ({until.isoformat()}) before it begins ({since.isoformat()}).")
    conditions = []
    if search.user is not None:
        conditions.append(ExplanationRow.user_id == search.user)
    if search.item is not None:
        conditions.append(ExplanationRow.item_id == search.item)
    if search.source is not None:
        conditions.append(ExplanationRow.source == search.source)
    if since is not None:
        conditions.append(ExplanationRow.created_at >= since)
    if until is not None:
        conditions.append(ExplanationRow.created_at < until)
    if search.locale is not None:
        conditions.append(ExplanationRow.locale == search.locale)
    if search.audience is not None:
        conditions.append(ExplanationRow.audience == search.audience)
    made_by = {
        ExplanationRow.recommender_version: search.recommender,
        ExplanationRow.writer_version: search.writer,
        ExplanationRow.prompt_version: search.prompt,
    }
    conditions += [column.startswith(start, autoescape=True) for column, start in made_by.items() if start is not None]
    if search.complained is not None:
        said = aliased(FeedbackRow)  # a query about feedback has that table of its own
        complaint = exists().where(said.explanation_id == ExplanationRow.id, said.kind.in_(COMPLAINTS))
        conditions.append(complaint if search.complained else ~complaint)
    return conditions


def moment(given: datetime | None) -> datetime | None:
    """Return a moment in UTC, which is also what one without a zone means.

    Raises:
        SearchError: If there is no such moment in UTC.
    """
    if given is None or given.tzinfo is None:
        return given if given is None else given.replace(tzinfo=UTC)
    try:
        return given.astimezone(UTC)
    except OverflowError as error:
        raise SearchError(f"{given.isoformat()} is out of the calendar.") from error
