"""What people say of a text: that it helped, is wrong or offends; each word of it audited by digest."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.audit.staff import on_record
from explainer.storage.base import now
from explainer.storage.database import Database
from explainer.storage.explanation_tables import FeedbackRow
from explainer.storage.explanations import get_explanation
from explainer.storage.reviews import report
from explainer.storage.staff import Names

MAX_COMMENT = 2000


class FeedbackKind(StrEnum):
    """What a text was to somebody."""

    HELPFUL = "helpful"
    WRONG = "wrong"
    OFFENSIVE = "offensive"


class Feedback(msgspec.Struct, frozen=True):
    """What was said.

    Attributes:
        id: Its own id.
        explanation: Id of the explanation.
        kind: helpful, wrong or offensive.
        comment: In the person's own words; may be empty.
        given_by: Name of the key or person it came through; an id where they were removed since.
        created_at: When.
    """

    id: str
    explanation: str
    kind: FeedbackKind
    comment: str
    given_by: str
    created_at: datetime


def give_feedback(database: Database, explanation_id: str, kind: FeedbackKind, comment: str, given_by: str) -> Feedback:
    """Store what somebody says of an explanation, with an audit entry in the same transaction.

    What they find wrong or offensive waits for a reviewer from then on.

    Raises:
        NotFoundError: If there is no such explanation.
    """
    with database.session() as session:
        mine, user = on_record(session, given_by), get_explanation(session, explanation_id).user_id
        row = FeedbackRow(
            id=str(uuid.uuid4()),
            explanation_id=explanation_id,
            kind=kind.value,
            comment=comment,
            given_by=mine,
            created_at=now(),
        )
        session.add(row)
        log.append(session, "feedback.given", row.id, feedback_record(row), [user])
        if kind is not FeedbackKind.HELPFUL:
            _report(session, explanation_id, user)
    return feedback_of(row, Names({row.given_by: given_by}))


def feedback_of(row: FeedbackRow, names: Names) -> Feedback:
    """Return what was said, by whoever has these names."""
    kind, by = FeedbackKind(row.kind), names[row.given_by]
    return Feedback(row.id, row.explanation_id, kind, row.comment, by, row.created_at)


def feedback_record(row: FeedbackRow) -> dict[str, Any]:
    """Return it as plain JSON data: what its audit entry is the digest of."""
    return dict(msgspec.to_builtins(feedback_of(row, Names())))


def _report(session: Session, explanation_id: str, user: str) -> None:
    row = report(session, explanation_id)
    if row is not None:
        record = {"id": row.id, "explanation": explanation_id, "cause": row.cause}
        log.append(session, "review.opened", row.id, record, [user])
