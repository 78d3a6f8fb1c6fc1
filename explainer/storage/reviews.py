"""The reviewers' queue in SQL: one row per explanation, open until somebody has judged it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from explainer.errors import NotFoundError
from explainer.evidence import stable_choice
from explainer.storage.base import now
from explainer.storage.cursors import mark, page_of
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.once import insert_once
from explainer.storage.reading_tables import ReviewRow

_FINE = 100_000
_PERCENT = 100


class Cause(StrEnum):
    """Why a text is looked at."""

    REPORTED = "reported"
    SAMPLED = "sampled"


class State(StrEnum):
    """Whether somebody has judged it."""

    OPEN = "open"
    DECIDED = "decided"


def is_sampled(explanation_id: str, percent: float) -> bool:
    """Return whether a sample of so many percent has this explanation: always the same, and more with more percent."""
    return stable_choice(_FINE, explanation_id, "review") < percent * _FINE / _PERCENT


def sampled_once(session: Session, prompts: Mapping[str, str], percent: float) -> list[str]:
    """Return which explanations stand for a sample of their prompts: one for each, if none of it was sampled before.

    Args:
        session: Open session.
        prompts: Explanation id → hash of the prompt that its text was written from.
        percent: Of a hundred prompts, how many are in the sample.
    """
    first = {prompt: one for one, prompt in reversed([*prompts.items()]) if is_sampled(prompt, percent)}
    query = select(ExplanationRow.prompt_hash).join(ReviewRow, ReviewRow.explanation_id == ExplanationRow.id)
    known = set(session.scalars(query.where(ExplanationRow.prompt_hash.in_(first)))) if first else set()
    return [one for prompt, one in first.items() if prompt not in known]


def enqueue(session: Session, explanation_ids: Sequence[str], cause: Cause) -> None:
    """Put explanations into the queue, in the caller's transaction; those that were ever in it stay as they are."""
    fresh = [{"explanation_id": one, "cause": cause.value, "created_at": now(), "note": ""} for one in explanation_ids]
    insert_once(session, ReviewRow, fresh)


def report(session: Session, explanation_id: str) -> ReviewRow | None:
    """Put an explanation that somebody complained of into the queue, in the caller's transaction.

    What was only sampled is reported from now on, and is judged again if it was judged before anybody complained.

    Returns:
        The row; None if it was reported before.
    """
    mine = select(ReviewRow).where(ReviewRow.explanation_id == explanation_id)
    earlier = session.scalars(mine).one_or_none()
    if earlier is not None and earlier.cause == Cause.REPORTED:
        return None
    if earlier is None:
        enqueue(session, [explanation_id], Cause.REPORTED)
    row = session.scalars(mine).one()
    row.cause, row.verdict, row.decided_by, row.decided_at, row.note = Cause.REPORTED.value, None, None, None, ""
    return row


def get_review(session: Session, review_id: str) -> ReviewRow:
    """Return a review.

    Raises:
        NotFoundError: If there is none.
    """
    row = session.get(ReviewRow, review_id)
    if row is None:
        raise NotFoundError(f"There is no review {review_id!r}.")
    return row


def list_reviews(
    session: Session, state: State | None, cause: Cause | None, limit: int, cursor: str | None = None
) -> tuple[Sequence[ReviewRow], str | None]:
    """Return a page of reviews, newest first, and the cursor of the next one; None after the last.

    Raises:
        CursorError: If the cursor is none of ours, or of another list.
    """
    conditions: list[ColumnElement[bool]] = []
    if state is not None:
        conditions.append(ReviewRow.verdict.is_(None) if state is State.OPEN else ReviewRow.verdict.is_not(None))
    if cause is not None:
        conditions.append(ReviewRow.cause == cause.value)
    query, of = select(ReviewRow).where(*conditions), mark("reviews", state=state, cause=cause)
    return page_of(session, query, (ReviewRow.created_at, ReviewRow.id), of, limit, cursor)


def decided_reviews(session: Session) -> Sequence[ReviewRow]:
    """Return every judged review, oldest verdict first."""
    query = select(ReviewRow).where(ReviewRow.verdict.is_not(None))
    return session.scalars(query.order_by(ReviewRow.decided_at, ReviewRow.id)).all()
