"""Which records are kept as they were, and what the digests in their audit entries are made of."""

from __future__ import annotations

from explainer.audit.check import Kept
from explainer.oversight import suppression_record
from explainer.registry.record import change_record
from explainer.service.feedback import feedback_record
from explainer.service.subject.records import ERASURES, corpus_record, erasure_record, retention_record, start_record
from explainer.service.views import view_record
from explainer.storage.changes import Action
from explainer.storage.explanation_tables import CounterfactualRow, ExplanationRow, FeedbackRow
from explainer.storage.reading_tables import RevisionRow, SuppressionRow, ViewRow
from explainer.storage.removal_tables import CorpusRow, ErasureRow, RetentionRow
from explainer.storage.service_tables import StartRow
from explainer.storage.version_tables import RegistryChangeRow
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
    Kept(ViewRow, ("record.viewed",), view_record),
    Kept(ErasureRow, ERASURES, erasure_record, removes=lambda row: row.entries),
    Kept(RetentionRow, ("retention.applied",), retention_record, removes=lambda row: row.entries),
    Kept(CorpusRow, ("corpus.exported",), corpus_record),
    Kept(StartRow, ("service.started", "service.writer_changed"), start_record),
)
"""Every kind that :func:`~explainer.audit.check.check_log` can check."""
