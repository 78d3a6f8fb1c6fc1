"""What people said of a month's texts: complaints, reviewers' verdicts, suppressions."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.service.month.calendar import Month
from explainer.service.month.within import in_month, made_in
from explainer.storage.explanation_tables import ExplanationRow, FeedbackRow
from explainer.storage.listing import COMPLAINTS
from explainer.storage.portable import utc_day
from explainer.storage.reading_tables import ReviewRow, SuppressionRow
from explainer.storage.suppressions import NOBODY


class Said(msgspec.Struct, frozen=True):
    """What was said of the texts of a day."""

    day: date
    kind: str
    n: int


class Voices(msgspec.Struct, frozen=True):
    """What people said.

    Attributes:
        of_texts: Kind → how often it was said of texts of this month, whenever it was said.
        by_day: The same by the day on which the text was made.
        received: Kind → how often it was said in this month, of whatever text.
        opened: Cause → texts that came before reviewers in this month.
        verdicts: Verdict → how often reviewers judged so in this month.
        waiting: Texts that waited for a verdict when the month ended.
        suppressed: Texts that somebody suppressed in this month,
        carried_on: and those suppressed for being the same as one of these.
    """

    of_texts: dict[str, int]
    by_day: list[Said]
    received: dict[str, int]
    opened: dict[str, int]
    verdicts: dict[str, int]
    waiting: int
    suppressed: int
    carried_on: int

    @property
    def complaints(self) -> int:
        """Complaints of this month's texts."""
        return sum(self.of_texts.get(kind, 0) for kind in COMPLAINTS)


def count_voices(session: Session, month: Month) -> Voices:
    """Return what people said of a month's texts, and in it."""
    by_day = _by_day(session, month)
    of_texts: dict[str, int] = {}
    for one in by_day:
        of_texts[one.kind] = of_texts.get(one.kind, 0) + one.n
    suppressed = in_month(SuppressionRow.created_at, month)
    by_people, carried_on = session.execute(
        select(func.count().filter(SuppressionRow.by != NOBODY), func.count().filter(SuppressionRow.by == NOBODY))
        .select_from(SuppressionRow)
        .where(suppressed)
    ).one()
    waiting = (
        select(func.count())
        .select_from(ReviewRow)
        .where(ReviewRow.created_at < month.until)
        .where(or_(ReviewRow.decided_at.is_(None), ReviewRow.decided_at >= month.until))
    )
    return Voices(
        of_texts=of_texts,
        by_day=by_day,
        received=_counts(session, FeedbackRow.kind, FeedbackRow.created_at, month),
        opened=_counts(session, ReviewRow.cause, ReviewRow.created_at, month),
        verdicts=_counts(session, ReviewRow.verdict, ReviewRow.decided_at, month),
        waiting=session.scalar(waiting) or 0,
        suppressed=by_people,
        carried_on=carried_on,
    )


def _by_day(session: Session, month: Month) -> list[Said]:
    day = utc_day(ExplanationRow.created_at).label("day")
    query = select(day, FeedbackRow.kind, func.count()).join(
        ExplanationRow, ExplanationRow.id == FeedbackRow.explanation_id
    )
    found = session.execute(
        query.where(*made_in(month)).group_by(day, FeedbackRow.kind).order_by(day, FeedbackRow.kind)
    )
    return [Said(date.fromisoformat(when), kind, n) for when, kind, n in found]


def _counts(
    session: Session,
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
    at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    month: Month,
) -> dict[str, int]:
    query = select(column, func.count()).where(in_month(at, month)).group_by(column).order_by(column)
    return {str(value): n for value, n in session.execute(query)}
