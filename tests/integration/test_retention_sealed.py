"""Whoever has the database alone cannot pass off what they removed as what had its time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text

from explainer.audit import log
from explainer.audit.check import Trouble, check_log
from explainer.audit.checkpoints import CheckpointFolder
from explainer.cli.common import console
from explainer.errors import ErasureError
from explainer.service.audited import KEPT
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.package.check import check_package
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.write import Packer, Wanted, write_package
from explainer.service.retention import apply
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing
from explainer.service.subject.listed import ErasureList
from explainer.service.subject.reapply import reapply
from explainer.service.subject.records import retention_record
from explainer.service.subject.shared import adopt_key
from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow
from explainer.storage.base import now
from explainer.storage.explanation_tables import CounterfactualRow, EvidenceRow, ExplanationRow
from explainer.storage.listing import Search
from explainer.storage.removal_tables import RetentionRow
from tests.databases import number_of
from tests.integration.commands import run, said
from tests.integration.package.acting import KEY, LOOKER, SIGNER

THEIRS = ("explanation.created", "counterfactual.found")
UNKEPT = {"kind": None, "before": None}


@pytest.fixture
def erasing(tmp_path):
    key = ErasureKey.load(tmp_path / "outside" / "erasure.key")
    return Erasing(key, ErasureList(tmp_path / "outside" / "erasures.jsonl", key))


def checked(database, erasing=None):
    with database.session() as session:
        return check_log(session, KEPT, outside=lambda: erasing)


def wrong(database, erasing=None):
    return [(one.what, one.record_id) for one in checked(database, erasing).findings]


def forge(database, **columns):
    """Delete every explanation, salts and all, and say that these had their time; return the id of what says so."""
    with database.session() as session:
        seqs = session.scalars(select(AuditEntryRow.seq).where(AuditEntryRow.event.in_(THEIRS))).all()
        session.execute(delete(AuditSaltRow).where(AuditSaltRow.seq.in_(seqs)))
        for table in (EvidenceRow, CounterfactualRow, ExplanationRow):
            session.execute(delete(table))
        told = {"at": now(), "counts": {"explanations": len(seqs)}, "entries": [[min(seqs), max(seqs)]]}
        row = RetentionRow(**(told | columns))
        session.add(row)
        session.flush()
        log.append(session, "retention.applied", row.id, retention_record(row))
        return row.id


def packed(database, tmp_path):
    packer = Packer(CheckpointFolder(tmp_path / "checkpoints"), SIGNER, tmp_path / "scratch")
    write_package(database, packer, Wanted(Search()), LOOKER, tmp_path / "package")
    return tmp_path / "package"


@pytest.mark.both
def test_what_had_its_time_is_sealed_and_the_log_is_whole(explainer, database, erasing, tmp_path):
    made = explainer.explain_top("u1", 3)
    give_feedback(database, made[0].id, FeedbackKind.WRONG, "Not mine.", "test")
    border = now()
    explainer.explain_top("u1", 2)
    assert apply(database, {"explanations": border}, erasing=erasing)["explanations"] == 3
    found = checked(database, erasing)
    assert found.sound, found.findings
    assert check_package(packed(database, tmp_path), KEY).gone == 3
    with database.session() as session:
        (row,) = session.scalars(select(RetentionRow))
        assert (row.kind, row.before) == ("explanations", border)


@pytest.mark.both
@pytest.mark.parametrize("columns", [UNKEPT, {"kind": "explanations"}], ids=["as earlier versions did", "as now"])
def test_a_retention_that_was_made_up_without_the_key_is_found(explainer, database, erasing, columns):
    reapply(database, erasing)  # as a service does when it starts
    explainer.explain_top("u1", 3)
    explainer.explain_top("u2", 1)
    forged = forge(database, **({"before": now(), "seal": "ab" * 32} | columns))
    assert checked(database).sound  # all of it fits together
    assert wrong(database, erasing) == [(Trouble.UNSEALED, forged)]
    assert checked(database, erasing).retentions_unsealed == 1


def test_the_seal_of_another_retention_is_none(explainer, database, erasing):
    explainer.explain_top("u1", 1)
    apply(database, {"explanations": now()}, erasing=erasing)
    explainer.explain_top("u2", 1)
    with database.session() as session:
        honest = session.scalars(select(RetentionRow)).one()
        session.expunge(honest)
    forged = forge(database, kind=honest.kind, before=now(), seal=honest.seal)
    assert wrong(database, erasing) == [(Trouble.UNSEALED, forged)]


@pytest.mark.parametrize("unsalted", [False, True])
def test_nobody_without_the_key_can_say_that_it_came_into_use_later(explainer, database, erasing, unsalted):
    reapply(database, erasing)
    explainer.explain_top("u1", 1)
    forged = forge(database, **UNKEPT)
    with database.session() as session:
        for event in ("erasure.key_used", "erasure.key_adopted"):
            log.append(session, event, erasing.key.fingerprint, {"key": erasing.key.fingerprint, "seal": "ab" * 32})
        session.execute(text("DELETE FROM secrets"))
        if unsalted:
            used = select(AuditEntryRow.seq).where(AuditEntryRow.event == "erasure.key_used")
            session.execute(delete(AuditSaltRow).where(AuditSaltRow.seq.in_(used)))
    reapply(database, erasing)  # says so again itself, as it is not noted
    assert wrong(database, erasing) == [(Trouble.UNSEALED, forged)]


@pytest.mark.both
def test_retentions_from_before_they_were_sealed_are_no_fault(explainer, database, erasing, tmp_path):
    explainer.explain_top("u1", 3)
    forge(database, **UNKEPT)  # all that earlier versions kept of it
    reapply(database, erasing)
    explainer.explain_top("u2", 2)
    apply(database, {"explanations": now()}, erasing=erasing)
    found = checked(database, erasing)
    assert found.sound, found.findings
    assert check_package(packed(database, tmp_path), KEY).gone == 5


def test_seals_of_a_key_that_is_lost_are_no_fault_once_another_is_adopted(explainer, database, erasing, tmp_path):
    explainer.explain_top("u1", 1)
    apply(database, {"explanations": now()}, erasing=erasing)
    new = Erasing(key := ErasureKey.new(), ErasureList(tmp_path / "new.jsonl", key))
    assert checked(database, new).retentions_unsealed == 1
    assert adopt_key(database, new.list, "test")
    explainer.explain_top("u2", 1)
    apply(database, {"explanations": now()}, erasing=new)
    assert checked(database, new).sound


def test_a_host_with_another_key_removes_nothing_for_its_age(explainer, database, erasing, tmp_path):
    reapply(database, erasing)
    explainer.explain_top("u1", 1)
    other = Erasing(key := ErasureKey.new(), ErasureList(tmp_path / "other.jsonl", key))
    with pytest.raises(ErasureError, match="fingerprint"):
        apply(database, {"explanations": now()}, erasing=other)
    assert number_of(database, ExplanationRow) == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": "explanations", "before": now() - timedelta(days=1)},
        {"kind": "views", "before": now() + timedelta(days=1)},
        {"kind": "all", "before": now() + timedelta(days=1)},
    ],
    ids=["too young", "of another kind", "of none"],
)
def test_no_retention_vouches_for_what_it_cannot_have_taken(explainer, database, tmp_path, columns):
    made = explainer.explain_top("u1", 2)
    forge(database, seal="ab" * 32, **columns)
    assert set(wrong(database)) == {(Trouble.GONE, row.id) for row in made}
    with pytest.raises(PackageTamperError) as raised:
        check_package(packed(database, tmp_path), KEY)
    assert raised.value.fault is PackageFault.INCOMPLETE


def test_what_was_said_lately_of_an_old_explanation_goes_with_it(explainer, database, erasing, tmp_path):
    (made,) = explainer.explain_top("u1", 1)
    border = now()
    give_feedback(database, made.id, FeedbackKind.WRONG, "Not mine.", "test")
    apply(database, {"explanations": border}, erasing=erasing)
    assert number_of(database, ExplanationRow) == 0
    assert checked(database, erasing).sound


def test_a_package_with_a_retention_without_a_seal_is_refused_once_there_is_a_key(
    explainer, database, erasing, tmp_path
):
    reapply(database, erasing)
    explainer.explain_top("u1", 2)
    forge(database, **UNKEPT)
    with pytest.raises(PackageTamperError, match="has no seal") as raised:
        check_package(packed(database, tmp_path), KEY)
    assert raised.value.fault is PackageFault.RECORD


def test_the_command_names_a_retention_that_was_made_up(home, home_database, monkeypatch):
    monkeypatch.setattr(console, "_width", 200)
    made = run(home, "explain", "--user", "c4", "--top", "3")
    assert made.exit_code == 0, made.output
    assert run(home, "audit", "check").exit_code == 0
    forged = forge(home_database, **UNKEPT)
    found = run(home, "audit", "check")
    assert found.exit_code == 1
    assert "retention not sealed" in said(found)
    assert forged in found.output


def test_the_command_that_ends_the_time_of_things_seals_it(home, home_database, monkeypatch):
    run(home, "explain", "--user", "c4", "--top", "3")
    monkeypatch.setenv("EXPLAINER_KEEP_EXPLANATIONS", "1")
    monkeypatch.setattr("explainer.service.retention.now", lambda: now() + timedelta(days=2))
    done = run(home, "retention", "--yes")
    assert "explanations" in done.output
    assert number_of(home_database, RetentionRow) == 1
    assert run(home, "audit", "check").exit_code == 0
