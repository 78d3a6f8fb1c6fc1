"""What is held about a person, table by table: the one list that access, erasure and its dry run go by.

A table that holds anything of anybody is in :data:`HELD`; every other one is in :data:`IMPERSONAL` with the reason, and
a test finds what is in neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from explainer.storage.access_tables import ApiKeyRow, PersonRow, SignInRow, StaffRow
from explainer.storage.audit_tables import AuditEntryRow, AuditNodeRow, AuditSaltRow, AuditSubjectRow
from explainer.storage.base import Base
from explainer.storage.bulk_tables import DeadLetterRow, PregeneratedRow
from explainer.storage.catalogue_tables import BehaviourRow, DatasetRow, HiddenAspectRow, ItemRow
from explainer.storage.choice_tables import ExclusionRow, UserSettingsRow
from explainer.storage.explanation_tables import (
    CounterfactualRow,
    DraftRow,
    EvidenceRow,
    ExplanationRow,
    FeedbackRow,
    PromiseRow,
)
from explainer.storage.job_tables import JobRow, ProcessRow
from explainer.storage.reading_tables import ReviewRow, RevisionRow, SuppressionRow, UpgradeRow, ViewRow
from explainer.storage.removal_tables import CorpusLineRow, CorpusRow, ErasureRow, RetentionRow
from explainer.storage.service_tables import RateRow, SecretRow, StartRow
from explainer.storage.version_tables import AdapterRow, ModelVersionRow, PromptVersionRow, RegistryChangeRow

Whose = Callable[[str, str], ColumnElement[bool]]
"""Returns which rows are about a user, given the user and the database's dialect."""


@dataclass(frozen=True, slots=True)
class Held:
    """One table that holds something of people.

    Attributes:
        table: The table.
        whose: Which rows are about a user.
        emptied: What the personal columns become where the row stays; without any, it goes.
        shown: Whether the person gets it as part of their data.
        names: The column that says whom a row is about; None where that follows from another table.
    """

    table: type[Base]
    whose: Whose
    emptied: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    shown: bool = True
    names: ColumnElement[str] | None = None

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.table.__tablename__)


def _named(
    table: type[Base],
    column: InstrumentedAttribute[str],
    emptied: Mapping[str, Any] | None = None,
    *,
    shown: bool = True,
) -> Held:
    return Held(table, lambda user, _: column == user, MappingProxyType(dict(emptied or {})), shown, column.expression)


def _of_explanation(column: InstrumentedAttribute[str]) -> Whose:
    return lambda user, _: column.in_(_explanations(user))


def _explanations(user: str) -> Select[str]:
    return select(ExplanationRow.id).where(ExplanationRow.user_id == user)


def _looked_at(user: str, _: str) -> ColumnElement[bool]:
    """Return the looks at a user's record; an empty subject is of one who was erased or never known."""
    return and_(ViewRow.subject == user, ViewRow.subject != "")


def _at_work(user: str, _: str) -> ColumnElement[bool]:
    """Return where somebody is signed in for a case that they looked at the user's record for."""
    looked = select(ViewRow.ticket, ViewRow.purpose).where(ViewRow.subject == user, ViewRow.purpose != "")
    return tuple_(SignInRow.ticket, SignInRow.purpose).in_(looked)


def _of_their_cases(user: str, _: str) -> ColumnElement[bool]:
    """Return the looks at others for a case for which somebody looked at the user's record, too."""
    own = aliased(ViewRow)
    looked = select(own.ticket, own.purpose).where(own.subject == user, own.subject != "", own.ticket != "")
    elsewhere = or_(ViewRow.subject.is_(None), ViewRow.subject != user)
    return and_(elsewhere, tuple_(ViewRow.ticket, ViewRow.purpose).in_(looked))


def _salted(user: str, dialect: str) -> ColumnElement[bool]:
    cases = select(ViewRow.id).where(_of_their_cases(user, dialect))
    return or_(
        AuditSaltRow.seq.in_(select(AuditSubjectRow.seq).where(AuditSubjectRow.subject == user)),
        AuditSaltRow.seq.in_(select(AuditEntryRow.seq).where(AuditEntryRow.record_id.in_(cases))),
    )


NOBODY = MappingProxyType({"subject": "", "record_id": "", "ticket": "", "purpose": ""})
"""What a look becomes when nobody may tell any more at whom."""
_NO_CASE = MappingProxyType({"ticket": "", "purpose": "–"})
# Not empty words: that none were given is told of support, and no purpose that somebody gives is so short.
CASES = Held(ViewRow, _of_their_cases, _NO_CASE, shown=False)
"""Looks at others whose case may name the user: whom somebody looked at stays on record, but not for what."""
HELD = (
    # Behaviours go first: who stores an explanation meanwhile holds one of them (see still_known).
    _named(BehaviourRow, BehaviourRow.user_id),
    _named(PromiseRow, PromiseRow.user_id),
    Held(EvidenceRow, _of_explanation(EvidenceRow.explanation_id)),
    Held(RevisionRow, _of_explanation(RevisionRow.explanation_id)),
    Held(CounterfactualRow, _of_explanation(CounterfactualRow.explanation_id)),
    Held(JobRow, _of_explanation(JobRow.explanation_id)),
    Held(UpgradeRow, _of_explanation(UpgradeRow.explanation_id)),
    Held(SuppressionRow, _of_explanation(SuppressionRow.explanation_id)),
    Held(FeedbackRow, _of_explanation(FeedbackRow.explanation_id)),
    Held(ReviewRow, _of_explanation(ReviewRow.explanation_id)),
    _named(ExplanationRow, ExplanationRow.user_id),
    # Only where to find the explanations above.
    _named(PregeneratedRow, PregeneratedRow.user_id, shown=False),
    _named(DeadLetterRow, DeadLetterRow.user_id),
    _named(HiddenAspectRow, HiddenAspectRow.user_id),
    _named(ExclusionRow, ExclusionRow.user_id),
    _named(UserSettingsRow, UserSettingsRow.user_id),
    _named(CorpusLineRow, CorpusLineRow.user_id),
    Held(SignInRow, _at_work, MappingProxyType({"ticket": "", "purpose": ""}), shown=False),
    CASES,
    # That somebody of the staff looked stays on record, but not at whom.
    Held(ViewRow, _looked_at, NOBODY, names=func.coalesce(ViewRow.subject, "")),
    Held(AuditSaltRow, _salted),
    _named(AuditSubjectRow, AuditSubjectRow.subject, shown=False),
)
"""In the order in which an erasure goes through them: what refers to a row before the row."""
NAMING = tuple(held.names for held in HELD if held.names is not None)
"""Every column that says whom a row is about."""

IMPERSONAL: Mapping[type[Base], str] = {
    DatasetRow: "counts of what was read, and why rows were dropped",
    ItemRow: "the catalogue",
    PromptVersionRow: "templates",
    ModelVersionRow: "settings and hashes; which of them were fitted with a person is in the erasure's record",
    AdapterRow: "settings and hashes",
    RegistryChangeRow: "versions",
    DraftRow: "made from slots and aspects; no user, title or number reaches the model",
    AuditEntryRow: "random ids and salted digests, of which nothing can be told once the salt is gone",
    AuditNodeRow: "hashes of hashes",
    ApiKeyRow: "the shop's programs",
    PersonRow: "the shop's staff",
    StaffRow: "names of staff and keys, whose ids stand in records",
    RateRow: "names of keys and staff, addresses of those who sign in; older than two minutes they go",
    SecretRow: "the service's own",
    CorpusRow: "names and hashes of files; which have lines of a person is in the erasure's record",
    ErasureRow: "a code that nobody can recognise without a key from outside",
    RetentionRow: "counts",
    StartRow: "settings",
    ProcessRow: "versions of what serves",
}
"""Tables that hold nothing of any user, each with the reason."""


def is_empty(row: Base) -> bool:
    """Return whether a row that stays is as an erasure, or the end of its time, leaves it."""
    if isinstance(row, FeedbackRow):
        return not row.comment
    emptied = (held.emptied for held in HELD if isinstance(row, held.table) and held.emptied)
    return any(all(getattr(row, name) == nothing for name, nothing in kind.items()) for kind in emptied)
