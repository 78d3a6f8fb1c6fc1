"""The audit check: whole when nothing was touched, and whatever was touched is found and named."""

from __future__ import annotations

import uuid

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, insert, select, text, update

from explainer.audit import check, log
from explainer.audit.check import Kept, Trouble, check_log
from explainer.cli import main
from explainer.registry.prompts import PromptRegistry
from explainer.service.audited import KEPT
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow, FeedbackRow
from explainer.storage.reading_tables import ReviewRow, RevisionRow
from explainer.storage.version_tables import RegistryChangeRow
from explainer.view import revision_record
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from tests.databases import ON_POSTGRESQL
from tests.integration.tampering import unbind, unguard


def checked(database, on_progress=lambda *_: None):
    with database.session() as session:
        return check_log(session, KEPT, on_progress)


def change(database, *statements):
    unguard(database)
    with database.engine.begin() as connection:
        unbind(connection)
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def rows(explainer, database):
    made = [row for user in ("u1", "u3", "nobody") for row in explainer.explain_top(user, 2)]
    give_feedback(database, made[0].id, FeedbackKind.WRONG, "Not mine.", "test")
    library = PromptLibrary()
    registry = PromptRegistry(database, library, library)
    registry.promote(library.version(Style()), Style())
    return made


def test_what_nobody_touched_is_whole(database, rows):
    seen = []
    found = checked(database, lambda done, total: seen.append((done, total)))
    assert found.sound
    assert found.findings == []
    assert (found.explanations, found.unchecked) == (6, {"review.opened": 1})
    assert found.entries == found.last == seen[-1][0] == seen[-1][1] >= 8


def test_an_empty_log_is_whole(database):
    found = checked(database)
    assert (found.sound, found.entries, found.last, found.explanations) == (True, 0, 0, 0)


def troubles(database):
    found = checked(database)
    assert not found.sound
    return {(finding.what, finding.record_id) for finding in found.findings}


@pytest.mark.parametrize(
    "values",
    [
        {"text": "Recommended because it is on sale."},
        {"rank": 9},
        {"source": "model"},
        {"contributions": {}},
        {"verdict": {"causal": "perhaps"}},
        {"gate_failures": "not a list"},
    ],
    ids=lambda values: next(iter(values)),
)
def test_a_changed_explanation_is_found(database, rows, values):
    change(database, update(ExplanationRow).where(ExplanationRow.id == rows[2].id).values(**values))
    assert troubles(database) == {(Trouble.ALTERED, rows[2].id)}


# What a database itself takes for good and Python does not: SQLite any text for JSON, PostgreSQL a day without a date.
UNREADABLE = "created_at = 'infinity'" if ON_POSTGRESQL else "contributions = '{nonsense'"


@pytest.mark.parametrize("change_to", [UNREADABLE, "contributions = '3'", "asked = '[]'"])
def test_a_record_that_cannot_even_be_read_is_found_and_stops_nothing(database, rows, change_to):
    broken = text(f"UPDATE explanations SET {change_to} WHERE id = :id").bindparams(id=rows[1].id)
    change(database, broken, update(ExplanationRow).where(ExplanationRow.id == rows[4].id).values(text="Lies."))
    assert troubles(database) == {(Trouble.ALTERED, rows[1].id), (Trouble.ALTERED, rows[4].id)}


def test_a_changed_and_a_deleted_evidence_row_are_found(database, rows):
    mine = EvidenceRow.explanation_id == rows[0].id
    change(database, update(EvidenceRow).where(mine).values(title="Another"))
    assert troubles(database) == {(Trouble.ALTERED, rows[0].id)}
    change(database, delete(EvidenceRow).where(EvidenceRow.explanation_id == rows[1].id))
    assert (Trouble.ALTERED, rows[1].id) in troubles(database)


def test_a_deleted_explanation_is_found(database, rows):
    change(
        database,
        delete(EvidenceRow).where(EvidenceRow.explanation_id == rows[3].id),
        delete(ExplanationRow).where(ExplanationRow.id == rows[3].id),
    )
    assert troubles(database) == {(Trouble.GONE, rows[3].id)}


def test_a_deleted_entry_is_found_by_its_record_and_by_its_gap(database, rows):
    change(database, delete(AuditEntryRow).where(AuditEntryRow.record_id == rows[1].id))
    assert troubles(database) == {(Trouble.NO_ENTRY, rows[1].id), (Trouble.GAP, "")}
    assert checked(database).explanations_without_entry == 1


def test_the_first_and_the_last_entry_are_missed_too(database, rows):
    with database.session() as session:
        seqs = session.scalars(select(AuditEntryRow.seq).order_by(AuditEntryRow.seq)).all()
    change(database, delete(AuditEntryRow).where(AuditEntryRow.seq.in_([seqs[0], seqs[-1]])))
    found = checked(database)
    assert (found.gaps, found.explanations_without_entry, found.records_without_entry) == (1, 1, 1)


def test_an_inserted_explanation_without_entry_is_found(database, rows):
    forged = str(uuid.uuid4())
    columns = {column.key: getattr(rows[0], column.key) for column in ExplanationRow.__mapper__.column_attrs}
    change(database, insert(ExplanationRow).values(**columns | {"id": forged}))
    assert troubles(database) == {(Trouble.NO_ENTRY, forged)}


def test_changed_feedback_and_registry_changes_are_found(database, rows):
    change(database, update(FeedbackRow).values(comment="All is well."), update(RegistryChangeRow).values(version=None))
    assert [what for what, _ in troubles(database)].count(Trouble.ALTERED) >= 2


def test_an_altered_digest_is_found(database, rows):
    change(database, update(AuditEntryRow).where(AuditEntryRow.seq == 2).values(digest="0" * 64))
    assert len(troubles(database)) == 1


def test_what_is_wrong_is_counted_whole_and_named_up_to_a_hundred(explainer, database, rows):
    for n in range(30):
        explainer.explain_top(f"new {n}", 5)
    change(database, update(ExplanationRow).values(text="Lies."))
    found = checked(database)
    assert found.digests_wrong == 156
    assert len(found.findings) == 100


def test_more_entries_than_one_chunk_holds_are_all_checked(explainer, database):
    for n in range(11):
        explainer.explain_top(f"new {n}", 50)
    found = checked(database)
    assert (found.sound, found.entries) == (True, 550)
    with database.session() as session:
        last = session.scalars(select(AuditEntryRow.record_id).order_by(AuditEntryRow.seq.desc()).limit(1)).one()
    change(database, update(ExplanationRow).where(ExplanationRow.id == last).values(text="Lies."))
    assert troubles(database) == {(Trouble.ALTERED, last)}


@pytest.mark.skipif(ON_POSTGRESQL, reason="the table is made anew as SQLite has it done")
@pytest.mark.parametrize("seq", ["NULL", "seq", "'x'", "0"])
def test_an_entry_that_no_query_by_number_finds_is_found(database, rows, monkeypatch, seq):
    columns = "event, record_id, digest, at, leaf"
    again = f"INSERT INTO audit_entries (seq, {columns}) SELECT {seq}, {columns} FROM audit_entries WHERE seq = 4"
    anew = ["CREATE TABLE anew AS SELECT * FROM audit_entries", "DROP TABLE audit_entries"]
    anew += ["ALTER TABLE anew RENAME TO audit_entries", again]
    change(database, *map(text, anew))
    monkeypatch.setattr(check, "_CHUNK", 4)
    found = checked(database)
    assert (found.gaps, [one.what for one in found.findings]) == (1, [Trouble.GAP])


def test_the_command_says_what_is_wrong_and_fails(database, rows, monkeypatch, tmp_path):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", database.url)
    run = CliRunner().invoke(main, ["audit", "check"])
    assert (run.exit_code, "whole" in run.output) == (0, True), run.output
    change(database, update(ExplanationRow).where(ExplanationRow.id == rows[2].id).values(text="Lies."))
    run = CliRunner().invoke(main, ["audit", "check"])
    assert run.exit_code == 1
    assert rows[2].id in run.output


def test_records_that_share_what_entries_call_them_need_an_entry_each(database, rows):
    """As later texts do: their entries go by the explanation."""
    row = rows[0]
    fields = {"draft": "T", "slots": {}, "source": "model", "gate_failures": [], "prompt_hash": ""}
    fields |= {"prompt_version": row.prompt_version, "writer_version": row.writer_version}

    def revise(number, *, entered):
        with database.session() as session:
            made = RevisionRow(explanation_id=row.id, number=number, text=f"Text {number}", **fields)
            session.add(made)
            session.flush()
            if entered:
                log.append(session, "explanation.revised", row.id, revision_record(made))

    def found():
        with database.session() as session:
            return [(one.what, one.record_id) for one in check_log(session, KEPT).findings]

    revise(2, entered=True)
    revise(3, entered=True)
    assert found() == []
    revise(4, entered=False)
    assert found() == [(Trouble.NO_ENTRY, row.id)]
    change(database, delete(RevisionRow).where(RevisionRow.number == 3))
    assert found() == [(Trouble.ALTERED, row.id)], (
        "an entry too many hides a record too many, but not that it is another"
    )


def test_only_records_that_are_due_need_an_entry(database, rows):
    decided = Kept(ReviewRow, ("review.decided",), lambda row: {"id": row.id}, due=ReviewRow.verdict.is_not(None))
    with database.session() as session:
        session.add(ReviewRow(explanation_id=rows[2].id, cause="reported"))
        session.add(ReviewRow(id="d", explanation_id=rows[1].id, cause="reported", verdict="good"))
    with database.session() as session:
        assert [one.record_id for one in check_log(session, [decided]).findings] == ["d"]
