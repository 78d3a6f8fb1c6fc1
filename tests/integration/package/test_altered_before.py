"""Records that were altered in the database before they were packed are in the package, and found."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from explainer.service.package.check import check_package
from explainer.service.package.faults import PackageFault
from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow
from tests.integration.package.acting import KEY, fault


def test_a_record_that_was_altered_before_is_in_the_package_and_found(pack, database, rows):
    with database.session() as session:
        session.execute(update(ExplanationRow).where(ExplanationRow.id == rows[2].id).values(text="Lies."))
    assert fault(pack()) == (PackageFault.RECORD, rows[2].id)
    with database.session() as session:
        session.execute(update(ExplanationRow).where(ExplanationRow.id == rows[2].id).values(verdict={"causal": "x"}))
    assert fault(pack()) == (PackageFault.RECORD, rows[2].id)


def test_evidence_that_was_altered_before_is_found(pack, database, rows):
    with database.session() as session:
        session.execute(update(EvidenceRow).where(EvidenceRow.explanation_id == rows[0].id).values(share=0.123))
    assert fault(pack()) == (PackageFault.RECORD, rows[0].id)


def unsalt(database, event):
    """Take the salt of the first entry of an event away; return which record it is about."""
    with database.session() as session:
        first = select(AuditEntryRow).where(AuditEntryRow.event == event).order_by(AuditEntryRow.seq).limit(1)
        entry = session.scalars(first).one()
        session.execute(delete(AuditSaltRow).where(AuditSaltRow.seq == entry.seq))
        return entry.record_id


def test_words_whose_salt_was_erased_are_counted_and_not_called_proved(pack, database):
    whole = check_package(pack(), KEY)
    unsalt(database, "feedback.given")
    found = check_package(pack(), KEY)
    assert (found.unsalted, found.proved) == (1, whole.proved - 1)


def test_an_alteration_is_not_hidden_by_taking_the_explanation_s_salt_away(pack, database):
    one = unsalt(database, "explanation.created")
    assert fault(pack()) == (PackageFault.RECORD, one)
