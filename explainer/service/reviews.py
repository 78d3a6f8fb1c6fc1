"""Reviewers judge texts that were reported or sampled; what they find wrong or offensive is used for nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.audit.staff import on_record
from explainer.errors import ConflictError
from explainer.evidence.firewall import PrivateWords
from explainer.service.feedback import Feedback, feedback_of
from explainer.service.shown import ShownExplanation, shown_to
from explainer.service.suppress import withdraw
from explainer.service.views import Looker
from explainer.storage.base import now
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow, FeedbackRow
from explainer.storage.explanations import get_explanation
from explainer.storage.later import get_with_later
from explainer.storage.reading_tables import ReviewRow, RevisionRow
from explainer.storage.reviews import get_review
from explainer.storage.staff import Names, names_of

MAX_NOTE = 2000


class Judgement(StrEnum):
    """What a reviewer finds a text to be."""

    GOOD = "good"
    WRONG = "wrong"
    OFFENSIVE = "offensive"
    STILTED = "stilted"


WITHDRAWING = frozenset({Judgement.WRONG, Judgement.OFFENSIVE})


class Review(msgspec.Struct, frozen=True):
    """A text in the queue; nothing of whose it is.

    Attributes:
        cause: ``reported`` or ``sampled``.
        state: ``open`` or ``decided``.
        verdict: What it was found to be; None while it waits.
        note: What the reviewer said to it.
        decided_by: Name of the reviewer; an id where they were removed since.
    """

    id: str
    explanation: str
    cause: str
    state: str
    created_at: datetime
    verdict: str | None
    note: str
    decided_by: str | None
    decided_at: datetime | None


class Text(msgspec.Struct, frozen=True):
    """One text of an explanation: the first one, or a later one.

    Attributes:
        number: From 1.
        draft: The text with its slots.
        slots: What was put into them.
        source: ``model`` or ``template``.
        gate_failures: What the gate held against drafts that were not used.
    """

    number: int
    text: str
    draft: str
    slots: Mapping[str, Any]
    source: str
    gate_failures: list[str]


class ReviewCase(msgspec.Struct, frozen=True):
    """All that a reviewer needs.

    Attributes:
        review: Where it stands.
        explanation: As it was shown, evidence included.
        texts: Its texts, oldest first; the last one is judged.
        feedback: What people said of it.
    """

    review: Review
    explanation: ShownExplanation
    texts: list[Text]
    feedback: list[Feedback]


def reviews_of(session: Session, rows: Sequence[ReviewRow]) -> list[Review]:
    """Return rows of the queue, with the names of those who decided."""
    names = names_of(session, [row.decided_by for row in rows])
    return [_review_of(row, names) for row in rows]


def _review_of(row: ReviewRow, names: Names) -> Review:
    state = "open" if row.verdict is None else "decided"
    return Review(
        row.id,
        row.explanation_id,
        row.cause,
        state,
        row.created_at,
        row.verdict,
        row.note,
        None if row.decided_by is None else names[row.decided_by],
        row.decided_at,
    )


def review_record(row: ReviewRow) -> dict[str, Any]:
    """Return a review as plain JSON data: what its audit entry is the digest of."""
    return dict(msgspec.to_builtins(_review_of(row, Names())))


def case_of(session: Session, looker: Looker, review_id: str, private_words: PrivateWords) -> ReviewCase:
    """Return a review with all that a reviewer needs, and record that they saw it.

    Raises:
        NotFoundError: If there is no such review.
    """
    row = get_review(session, review_id)
    explained, later = get_with_later(session, row.explanation_id)
    said = select(FeedbackRow).where(FeedbackRow.explanation_id == row.explanation_id)
    given = session.scalars(said.order_by(FeedbackRow.created_at, FeedbackRow.id)).all()
    names = names_of(session, [one.given_by for one in given])
    feedback = [feedback_of(one, names) for one in given]
    explanation = shown_to(session, looker, explained, later, private_words, "review")
    return ReviewCase(reviews_of(session, [row])[0], explanation, texts_of(session, explained), feedback)


def texts_of(session: Session, row: ExplanationRow, until: datetime | None = None) -> list[Text]:
    """Return the texts of an explanation, oldest first; those that were there at a moment, if one is given."""
    later: Sequence[RevisionRow] = session.scalars(
        select(RevisionRow).where(RevisionRow.explanation_id == row.id).order_by(RevisionRow.number)
    ).all()
    rows = [r for r in later if until is None or r.created_at <= until]
    first = Text(1, row.text, row.draft, row.slots, row.source, row.gate_failures)
    return [first, *(Text(r.number, r.text, r.draft, r.slots, r.source, r.gate_failures) for r in rows)]


def decide(database: Database, review_id: str, verdict: Judgement, note: str, by: str) -> Review:
    """Judge a text, once, with an audit entry in the same transaction; withdraw its draft if it does harm.

    Raises:
        NotFoundError: If there is no such review.
        ConflictError: If somebody judged it already.
    """
    with database.session() as session:
        mine, row = on_record(session, by), get_review(session, review_id)
        still_open = update(ReviewRow).where(ReviewRow.id == review_id, ReviewRow.verdict.is_(None))
        found = session.execute(
            still_open.values(verdict=verdict.value, note=note, decided_by=mine, decided_at=now()).execution_options(
                synchronize_session=False
            )
        )
        if not isinstance(found, CursorResult) or found.rowcount != 1:
            raise ConflictError(f"Review {review_id!r} was decided already: {row.verdict or 'just now'}.")
        session.refresh(row)
        explanation = get_explanation(session, row.explanation_id)
        if verdict in WITHDRAWING:
            withdraw(session, explanation, mine)
        log.append(session, "review.decided", review_id, review_record(row), [explanation.user_id])
        return reviews_of(session, [row])[0]
