"""Removing what was kept for as long as it may be, some hundred records at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.storage.access_tables import SignInRow
from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow, AuditSubjectRow
from explainer.storage.base import Base
from explainer.storage.bulk_tables import DeadLetterRow, PregeneratedRow
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.choice_tables import ExclusionRow
from explainer.storage.erasing import Ranges, begin_writing, changed, ranges_of
from explainer.storage.explanation_tables import (
    CounterfactualRow,
    DraftRow,
    EvidenceRow,
    ExplanationRow,
    FeedbackRow,
    PromiseRow,
)
from explainer.storage.job_tables import JobRow
from explainer.storage.reading_tables import ReviewRow, RevisionRow, SuppressionRow, UpgradeRow, ViewRow

_OF_EXPLANATIONS: Sequence[tuple[type[Base], InstrumentedAttribute[str]]] = (
    (EvidenceRow, EvidenceRow.explanation_id),
    (RevisionRow, RevisionRow.explanation_id),
    (CounterfactualRow, CounterfactualRow.explanation_id),
    (JobRow, JobRow.explanation_id),
    (UpgradeRow, UpgradeRow.explanation_id),
    (SuppressionRow, SuppressionRow.explanation_id),
    (FeedbackRow, FeedbackRow.explanation_id),
    (ReviewRow, ReviewRow.explanation_id),
    (PregeneratedRow, PregeneratedRow.explanation_id),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record that has its time.

    Attributes:
        key: What its records are told apart by.
        at: Since when they are kept: a moment, or Unix seconds. What has none stays.
        due: Which of them there is anything to remove of; all by default.
        logged: Whether the audit log has entries about them.
    """

    key: InstrumentedAttribute[str]
    at: InstrumentedAttribute[datetime] | InstrumentedAttribute[int | None]
    due: ColumnElement[bool] | None = None
    logged: bool = True

    def old(self, before: datetime) -> Select[str]:
        """Return the query for the keys of what is older than a moment."""
        query = select(self.key).where(self.past(before))
        return query if self.due is None else query.where(self.due)

    def past(self, before: datetime) -> ColumnElement[bool]:
        """Return whether a record is older than a moment."""
        seconds = isinstance(self.at.type, Integer)
        found: ColumnElement[bool] = self.at < (int(before.timestamp()) if seconds else before)
        return found


KINDS = {
    "explanations": Kind(ExplanationRow.id, ExplanationRow.created_at),
    # By whose they are: of a person's letters the old ones go together.
    "dead_letters": Kind(DeadLetterRow.user_id, DeadLetterRow.at, logged=False),
    "comments": Kind(FeedbackRow.id, FeedbackRow.created_at, FeedbackRow.comment != ""),
    "views": Kind(ViewRow.id, ViewRow.at),
    # A draft that was withdrawn has no text; it stays, or the model would write the same again.
    "drafts": Kind(DraftRow.key, DraftRow.created_at, DraftRow.draft.is_not(None), logged=False),
    "promises": Kind(PromiseRow.key, PromiseRow.created_at, logged=False),
    "sign_ins": Kind(SignInRow.digest, SignInRow.expires_at, logged=False),
    # Entries about them are about whole batches, which say nothing of one of them.
    "behaviours": Kind(BehaviourRow.id, BehaviourRow.time),
}
"""By the name that the settings have for them. What is not here has no end by time: what people have chosen holds until
they choose otherwise, and of whose explanations a training file was made must be known while it may lie anywhere."""

_WITH: Mapping[str, Sequence[tuple[type[Base], InstrumentedAttribute[str]]]] = {
    "explanations": _OF_EXPLANATIONS,
    "behaviours": ((ExclusionRow, ExclusionRow.behaviour_id),),
}


def count_old(session: Session, name: str, before: datetime) -> dict[str, int]:
    """Return how many rows go, or are emptied, with the records of a kind that are older than a moment, by table."""
    kind = KINDS[name]
    counts = {kind.key.class_.__tablename__: _number(session, kind.old(before))}
    for table, owner in _WITH.get(name, ()):
        counts[table.__tablename__] = _number(session, select(owner).where(owner.in_(kind.old(before))))
    return counts


def _number(session: Session, query: Select[str]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def remove_old(session: Session, name: str, before: datetime, most: int) -> tuple[dict[str, int], Ranges]:
    """Remove records of a kind that are older than a moment, in the caller's transaction.

    Args:
        session: Open session.
        name: Of the kind.
        before: The moment.
        most: Records at most.

    Returns:
        Rows removed or emptied, by table, and the numbers of the audit entries that lost their salt, as ranges.
    """
    kind = KINDS[name]
    begin_writing(session)
    # Held on PostgreSQL, so that nothing can be added to an explanation while it goes.
    keys = list(session.scalars(kind.old(before).order_by(kind.at).limit(most).with_for_update()))
    if not keys:
        return {}, []
    about = [*keys, *_with(session, name, keys)]
    counts = _emptied(session, keys) if name == "comments" else _removed(session, name, keys, before)
    entries = without_salt(session, about) if kind.logged else []
    return {table: number for table, number in counts.items() if number}, entries


def _emptied(session: Session, feedback: Sequence[str]) -> dict[str, int]:
    emptied = update(FeedbackRow).where(FeedbackRow.id.in_(feedback)).values(comment="")
    return {"feedback": changed(session.execute(emptied, execution_options={"synchronize_session": False}))}


def _removed(session: Session, name: str, keys: Sequence[str], before: datetime) -> dict[str, int]:
    kind, gone = KINDS[name], dict[str, int]()
    for table, owner in _WITH.get(name, ()):
        gone[table.__tablename__] = _gone(session, table, owner.in_(keys))
    gone[kind.key.class_.__tablename__] = _gone(session, kind.key.class_, kind.key.in_(keys), kind.past(before))
    return gone


def _with(session: Session, name: str, keys: Sequence[str]) -> Sequence[str]:
    """Return the ids of what goes along and has entries that refer to it by its own."""
    found: list[str] = []
    for table, owner in _WITH.get(name, ()):
        if table in {FeedbackRow, ReviewRow, ExclusionRow}:
            found += session.scalars(select(table.id).where(owner.in_(keys)))
    return found


def without_salt(session: Session, records: Sequence[str]) -> Ranges:
    """Remove the salts of all entries about records, and whom they are about; return the entries' numbers."""
    query = select(AuditEntryRow.seq).where(AuditEntryRow.record_id.in_(records)).order_by(AuditEntryRow.seq)
    numbers = list(session.scalars(query))
    _gone(session, AuditSaltRow, AuditSaltRow.seq.in_(numbers))
    _gone(session, AuditSubjectRow, AuditSubjectRow.seq.in_(numbers))
    return ranges_of(numbers)


def _gone(session: Session, table: Any, *which: ColumnElement[bool]) -> int:  # noqa: ANN401  a mapped class
    statement = delete(table).where(*which)
    return changed(session.execute(statement, execution_options={"synchronize_session": False}))
