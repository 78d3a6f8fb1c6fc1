"""Which records are kept as they were, and what the digests in their audit entries are made of."""

from __future__ import annotations

from explainer.access import keys, people
from explainer.audit import staff
from explainer.audit.check import Kept
from explainer.audit.outside import ERASURES, RETENTION
from explainer.oversight import suppression_record
from explainer.registry.record import change_record
from explainer.service.aged import limit_of
from explainer.service.exclusions import exclusion_record
from explainer.service.feedback import feedback_record
from explainer.service.reviews import review_record
from explainer.service.subject.records import corpus_record, erasure_record, retention_record, start_record
from explainer.service.views import view_record
from explainer.storage.access_tables import ApiKeyRow, PersonRow, StaffRow
from explainer.storage.catalogue_tables import HiddenAspectRow
from explainer.storage.changes import Action
from explainer.storage.choice_tables import ExclusionRow
from explainer.storage.explanation_tables import CounterfactualRow, ExplanationRow, FeedbackRow
from explainer.storage.reading_tables import ReviewRow, RevisionRow, SuppressionRow, ViewRow
from explainer.storage.removal_tables import CorpusRow, ErasureRow, RetentionRow
from explainer.storage.service_tables import StartRow
from explainer.storage.version_tables import RegistryChangeRow
from explainer.tags import hidden_record
from explainer.view import counterfactual_digested, record_of, revision_record

_REGISTRIES = ("adapter", "prompt")

KEPT = (
    Kept(ExplanationRow, ("explanation.created",), record_of),
    Kept(CounterfactualRow, ("counterfactual.found",), counterfactual_digested),
    Kept(FeedbackRow, ("feedback.given",), feedback_record),
    Kept(
        RegistryChangeRow,
        tuple(f"{registry}.{action.value}" for registry in _REGISTRIES for action in Action),
        change_record,
    ),
    Kept(RevisionRow, ("explanation.revised",), revision_record, refers="explanation_id"),
    Kept(SuppressionRow, ("explanation.suppressed",), suppression_record),
    # One that is open is changed when it is decided, and stays as it is from then on.
    Kept(ReviewRow, ("review.decided",), review_record, due=ReviewRow.verdict.is_not(None)),
    Kept(ViewRow, ("record.viewed",), view_record),
    Kept(ErasureRow, ERASURES, erasure_record, removes=lambda row: row.entries),
    Kept(RetentionRow, (RETENTION,), retention_record, removes=lambda row: row.entries, limit=limit_of),
    Kept(CorpusRow, ("corpus.exported",), corpus_record),
    Kept(ApiKeyRow, (keys.CREATED,), keys.key_record, ends=(keys.REVOKED,)),
    Kept(PersonRow, (people.ADDED,), people.person_record, refers="id", ends=(people.REMOVED,)),
    Kept(
        PersonRow,
        (people.DISABLED,),
        people.disabled_record,
        refers="id",
        due=PersonRow.disabled.is_(True),
        ends=(people.REMOVED,),
    ),
    Kept(StaffRow, (staff.NOTED,), staff.staff_record, ends=(staff.FORGOTTEN,)),
    Kept(ExclusionRow, ("behaviour.excluded",), exclusion_record, refers="id", ends=("behaviour.included",)),
    Kept(HiddenAspectRow, ("tag.deleted",), hidden_record, ends=("tag.restored",)),
    Kept(StartRow, ("service.started", "service.writer_changed"), start_record),
)
"""Every kind that :func:`~explainer.audit.check.check_log` can check."""
