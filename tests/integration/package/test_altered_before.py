"""Records that were altered in the database before they were packed are in the package, and found."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, text, update

from explainer.audit.check import Trouble, check_log
from explainer.errors import ExplainerError
from explainer.service.audited import KEPT
from explainer.service.package.check import check_package
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.retention import apply
from explainer.service.reviews import Judgement, decide
from explainer.service.suppress import suppress
from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow
from explainer.storage.base import now
from explainer.storage.explanation_tables import CounterfactualRow, EvidenceRow, ExplanationRow, FeedbackRow
from explainer.storage.reading_tables import ReviewRow, RevisionRow, SuppressionRow, ViewRow
from tests.integration.package.acting import KEY, fault, ids, revise


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


def test_words_that_had_their_time_are_counted_and_not_called_proved(pack, database):
    whole = check_package(pack(), KEY)
    apply(database, {"comments": now()})
    found = check_package(pack(), KEY)
    assert (found.unsalted, found.proved) == (1, whole.proved - 1)


def test_a_salt_that_no_removal_names_is_missed(pack, database, rows):
    unsalt(database, "feedback.given")
    with database.session() as session:
        session.execute(update(FeedbackRow).values(comment="", kind="helpful"))
    assert fault(pack()) == (PackageFault.RECORD, rows[0].id)


def test_an_alteration_is_not_hidden_by_taking_the_explanation_s_salt_away(pack, database):
    one = unsalt(database, "explanation.created")
    assert fault(pack()) == (PackageFault.RECORD, one)


_FOUND = dict.fromkeys(("behaviours", "new_rank", "replacement", "replacement_title")) | {
    "k": 10,
    "max_size": 3,
    "exhaustive": True,
}
INTRUSIONS = {
    "a complaint": lambda one: FeedbackRow(id="f" * 36, explanation_id=one, kind="wrong", comment="", given_by="x"),
    "a suppression": lambda one: SuppressionRow(explanation_id=one, reason="Lies.", by="x"),
    "a verdict": lambda one: ReviewRow(explanation_id=one, cause="sampled", verdict="good", decided_by="x"),
    "a look": lambda one: ViewRow(record_id=one, viewer="x", role="support", subject="u1", what="explanation"),
    "a counterfactual": lambda one: CounterfactualRow(explanation_id=one, record=_FOUND),
}


@pytest.mark.parametrize("what", INTRUSIONS)
def test_what_was_put_in_beside_the_log_is_found(pack, database, rows, what):
    one = rows[8].id  # of somebody without a history, so without a counterfactual
    with database.session() as session:
        session.add(INTRUSIONS[what](one))
    with pytest.raises(PackageTamperError, match="the log has no entry of the row") as raised:
        check_package(pack(), KEY)
    assert (raised.value.fault, raised.value.where) == (PackageFault.RECORD, one)


def test_a_later_text_that_the_log_knows_nothing_of_is_found(pack, database, rows):
    revise(database, rows[1], "Lies.", logged=False)
    assert fault(pack()) == (PackageFault.RECORD, rows[1].id)


def test_a_later_text_that_was_taken_away_is_missed(pack, database, rows):
    revise(database, rows[1], "A later text.")
    check_package(pack(), KEY)
    with database.session() as session:
        session.execute(delete(RevisionRow))
    assert fault(pack()) == (PackageFault.RECORD, rows[1].id)


def test_a_suppression_that_was_altered_and_lost_its_salt_is_found(pack, database, rows):
    suppress(database, rows[1].id, "Rude.", "ada")
    check_package(pack(), KEY)
    with database.session() as session:
        session.execute(update(SuppressionRow).values(reason="Asked for."))
    unsalt(database, "explanation.suppressed")
    assert fault(pack()) == (PackageFault.RECORD, rows[1].id)


def test_a_verdict_that_was_altered_is_found_in_the_package_and_by_the_check_of_the_log(pack, database, rows):
    with database.session() as session:
        review = session.scalars(select(ReviewRow)).one().id
    decide(database, review, Judgement.GOOD, "Fine.", "rea")
    check_package(pack(), KEY)
    with database.session() as session:
        assert check_log(session, KEPT).sound
        session.execute(update(ReviewRow).values(verdict="wrong"))
    assert fault(pack()) == (PackageFault.RECORD, rows[0].id)
    with database.session() as session:
        (found,) = check_log(session, KEPT).findings
    assert (found.what, found.event, found.record_id) == (Trouble.ALTERED, "review.decided", review)


def test_a_verdict_that_was_opened_again_is_found(pack, database, rows):
    with database.session() as session:
        review = session.scalars(select(ReviewRow)).one().id
    decide(database, review, Judgement.WRONG, "", "rea")
    with database.session() as session:
        session.execute(update(ReviewRow).values(verdict=None, decided_by=None, decided_at=None))
    assert fault(pack()) == (PackageFault.RECORD, rows[0].id)


def test_a_draft_that_does_not_give_the_text_is_found(pack, database, rows):
    with database.session() as session:
        session.execute(update(ExplanationRow).where(ExplanationRow.id == rows[3].id).values(draft="Buy {item}!"))
    assert fault(pack()) == (PackageFault.RECORD, rows[3].id)


FORGED = {"verdict": "3", "gate_failures": "3", "asked": "[1]", "slots": "[]", "contributions": "7"}


@pytest.mark.parametrize("column", FORGED)
def test_a_row_that_was_forged_keeps_no_package_from_being_made(pack, database, rows, column):
    with database.session() as session:
        forged = f"UPDATE explanations SET {column} = :value WHERE id = :id"
        session.execute(text(forged), {"value": FORGED[column], "id": rows[2].id})
    assert fault(pack()) == (PackageFault.RECORD, rows[2].id)


def test_a_row_that_cannot_be_read_any_more_is_named(pack, database, rows, tmp_path):
    with database.session() as session:
        forged = text("UPDATE explanations SET contributions = '{nonsense' WHERE id = :id")
        session.execute(forged, {"id": rows[2].id})
    with pytest.raises(ExplainerError, match=rows[2].id):
        pack()
    assert not list(tmp_path.glob("*out*")) and not list(tmp_path.glob(".*out*")), "nothing unfinished is left"
    assert len(ids(pack(user="u3"))) == 4, "what can be read can be packed"
