"""Files for training are on record with whose explanations they were made of, and an erasure names them."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest
from alembic import command
from click.testing import CliRunner
from sqlalchemy import event, select

from explainer.audit.check import check_log
from explainer.audit.errors import VerificationError
from explainer.cli import main
from explainer.cli.common import console
from explainer.errors import CorpusError, RegistryError
from explainer.files import file_hash
from explainer.pipeline import Explainer
from explainer.registry.adapters import AdapterRegistry
from explainer.service.audited import KEPT
from explainer.service.review_files import export, require_no_erased
from explainer.service.reviews import Judgement, decide
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.receipts import TrainingSet, check_receipt
from explainer.storage.database import _alembic
from explainer.storage.erasing import held_counts
from explainer.storage.reading_tables import ReviewRow
from explainer.storage.removal_tables import CorpusLineRow
from explainer.storage.reviews import Cause, enqueue
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.adapters.acting import make_adapter
from tests.integration.overheard import Recording

GOOD, WRONG = Judgement.GOOD, Judgement.WRONG


def judge(explainer, verdicts):
    """Have a text judged for each user."""
    written = Explainer(explainer.database, explainer.model, Writer(PromptLibrary(), load_vocabulary, Recording()))
    for user, verdict in verdicts.items():
        row = written.explain_top(user, 1)[0]
        with explainer.database.session() as session:
            enqueue(session, [row.id], Cause.SAMPLED)
            review = session.scalars(select(ReviewRow).where(ReviewRow.explanation_id == row.id)).one().id
        decide(explainer.database, review, verdict, "", "rita")


@pytest.fixture
def files(explainer, database, tmp_path):
    """Good texts of two people, and bad ones of three, in a file each."""
    judge(explainer, {"u1": WRONG, "u2": WRONG, "u3": WRONG})
    out = SimpleNamespace(good=tmp_path / "good.jsonl", bad=tmp_path / "bad.jsonl")
    export(database, out.good, out.bad, "sue")
    return out


def lines(database):
    with database.session() as session:
        return {row.user_id for row in session.scalars(select(CorpusLineRow))}


def sound(database):
    with database.session() as session:
        return check_log(session, KEPT).sound


def test_an_erasure_names_the_training_sets_that_have_lines_of_the_person(files, database):
    assert lines(database) == {"u1", "u2", "u3"}
    receipt = erase(database, Erasing.unlisted(), "u1", "test")
    assert [one.sha256 for one in receipt.corpora] == [file_hash(files.bad)]
    assert receipt.counts["corpus_lines"] == 1
    check_receipt(receipt)
    for told in ([], [TrainingSet("x", "0" * 64)], None):
        with pytest.raises(VerificationError):
            check_receipt(msgspec.structs.replace(receipt, corpora=told))
    assert lines(database) == {"u2", "u3"}
    assert held_counts_of(database, "u1") == {}
    assert sound(database)


def held_counts_of(database, user):
    with database.session() as session:
        return held_counts(session, user)


def test_whose_texts_were_in_no_training_set_has_none_in_the_receipt(files, database):
    assert erase(database, Erasing.unlisted(), "u9", "test").corpora == []


def test_what_is_written_after_an_erasure_has_no_line_of_the_person(files, database, tmp_path):
    erase(database, Erasing.unlisted(), "u1", "test")
    again = tmp_path / "again.jsonl"
    export(database, tmp_path / "none.jsonl", again, "sue")
    assert len(again.read_text().splitlines()) == len(files.bad.read_text().splitlines()) - 1
    with database.session() as session:
        require_no_erased(session, again)
        with pytest.raises(CorpusError, match=r"bad\.jsonl has 1 lines made of explanations of people who were erased"):
            require_no_erased(session, files.bad)


def test_a_copy_under_another_name_in_a_folder_is_known(files, database, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "other.jsonl").write_bytes(files.bad.read_bytes())
    erase(database, Erasing.unlisted(), "u2", "test")
    with database.session() as session, pytest.raises(CorpusError, match=r"other\.jsonl"):
        require_no_erased(session, folder)


def test_a_line_of_theirs_is_known_in_whatever_file_it_is(files, database, tmp_path):
    (theirs, *others) = files.bad.read_bytes().splitlines(keepends=True)
    erase(database, Erasing.unlisted(), "u1", "test")
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_bytes(b'{"id":"mine"}\nno line\n' + theirs.replace(b'"note":""', b'"note":"."') + b"".join(others))
    with database.session() as session:
        with pytest.raises(CorpusError, match=r"mixed\.jsonl has 1 lines made of explanations of people"):
            require_no_erased(session, mixed)
        mixed.write_bytes(b'{"id":"mine"}\nno line\n' + b"".join(others))
        require_no_erased(session, mixed)


def test_an_erasure_names_the_adapters_that_learned_from_the_person(files, database, tmp_path, monkeypatch):
    first, second, third = (msgspec.json.decode(line)["id"] for line in files.bad.read_bytes().splitlines())
    registry = AdapterRegistry(database, lambda: "b" * 64)
    versions = []
    for number, reviewed in enumerate(([first, second], [third], None)):
        card = {} if reviewed is None else {"reviewed": reviewed}
        folder, version = make_adapter(tmp_path / f"adapter-{number}", "b" * 64, number, **card)
        registry.add(folder)
        versions.append(version)
    receipt = erase(database, Erasing.unlisted(), "u1", "test")
    assert receipt.adapters == [versions[0]]
    check_receipt(receipt)
    with pytest.raises(VerificationError):
        check_receipt(msgspec.structs.replace(receipt, adapters=[]))
    assert sound(database)
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", database.url)
    shown = CliRunner().invoke(main, ["--home", str(tmp_path), "adapters", "list"]).output
    assert f"{versions[0][:12]} was trained with 1 lines" in " ".join(shown.split())
    assert f"{versions[1][:12]} was trained" not in " ".join(shown.split())


def test_what_learned_from_somebody_who_was_erased_meanwhile_is_not_taken_into_use(files, database, tmp_path):
    lines = [msgspec.json.decode(line)["id"] for line in files.bad.read_bytes().splitlines()]
    registry = AdapterRegistry(database, lambda: "b" * 64)
    (early, known), (late, _), (clean, _) = (
        make_adapter(tmp_path / f"adapter-{number}", "b" * 64, number, reviewed=reviewed)
        for number, reviewed in enumerate((lines[:1], lines, ["another"]))
    )
    registry.add(early)
    erase(database, Erasing.unlisted(), "u1", "test")
    with pytest.raises(RegistryError, match=r"trained with 1 lines made of explanations of people who were erased"):
        registry.promote(known)
    with pytest.raises(RegistryError, match="train again: explainer reviews export, explainer tune"):
        registry.add(late)
    assert [row.label for row in registry.all()] == ["candidate"], "nothing of it is kept"
    assert registry.promote(registry.add(clean)[0].version).label == "production"
    assert sound(database)


def test_the_export_is_on_record_and_cannot_be_altered_unseen(files, database):
    assert sound(database)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE corpora SET sha256 = 'x'")
    assert not sound(database)


def test_the_commands_tell_what_must_be_written_again(files, database, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", database.url)
    monkeypatch.setattr(console, "width", 200)

    def run(*words):
        ended = CliRunner().invoke(main, ["--home", str(tmp_path), *words])
        return " ".join(ended.output.replace("│", " ").split())

    assert "write it again" not in run("reviews", "exported")
    erased = run("subject", "erase", "u3", "--yes")
    assert f"sha256 {file_hash(files.bad)}" in erased
    shown = run("reviews", "exported")
    assert "1: write it again" in shown
    assert "bad.jsonl" in shown
    trained = run("tune", "--corpus", str(files.bad), "--out", str(tmp_path / "adapter"))
    assert "people who were erased" in trained


def test_nothing_is_written_that_is_not_on_record(explainer, database, tmp_path, monkeypatch):
    judge(explainer, {"u1": WRONG})

    def fail(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr("explainer.service.review_files.log.append", fail)
    with pytest.raises(RuntimeError):
        export(database, tmp_path / "good.jsonl", tmp_path / "bad.jsonl", "sue")
    assert not (tmp_path / "bad.jsonl").exists()
    assert lines(database) == set()


TURNS = ("UPDATE audit_entries SET seq = seq", "SELECT pg_advisory_xact_lock")
"""What an erasure begins with, on SQLite and on PostgreSQL: nobody else changes the log until it is done."""


def test_a_training_set_that_is_written_when_an_erasure_begins_is_in_the_receipt(explainer, database, tmp_path):
    judge(explainer, {"u1": WRONG})
    out, coming = tmp_path / "bad.jsonl", [True]

    def come_first(_connection, _cursor, statement, *_rest):
        if coming and statement.startswith(TURNS):
            coming.clear()
            export(database, tmp_path / "none.jsonl", out, "sue")

    event.listen(database.engine, "before_cursor_execute", come_first)
    receipt = erase(database, Erasing.unlisted(), "u1", "test")
    assert [one.sha256 for one in receipt.corpora] == [file_hash(out)]


def test_nothing_is_trained_where_nobody_can_tell_who_was_erased(files, database, tmp_path, monkeypatch):
    def tune(url):
        monkeypatch.setenv("EXPLAINER_DATABASE_URL", url)
        run = CliRunner().invoke(main, ["--home", str(tmp_path), "tune", "--corpus", str(files.bad), "--out", "x"])
        return " ".join(run.output.split())

    assert "cannot be reached" in tune("postgresql+pg8000://nobody:x@127.0.0.1:1/none")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert "schema is at 0001" in tune(database.url)
    assert "nobody can tell" in tune(f"sqlite:///{tmp_path / 'none.db'}")


@pytest.mark.both
def test_lines_from_before_their_ids_were_kept_are_known_by_their_reviews(explainer, database, tmp_path):
    judge(explainer, {"u1": WRONG, "u2": WRONG})
    export(database, tmp_path / "good.jsonl", tmp_path / "bad.jsonl", "sue")
    database.engine.dispose()
    command.downgrade(_alembic(database.url), "0022")
    command.upgrade(_alembic(database.url), "head")
    ids = {msgspec.json.decode(line)["id"] for line in (tmp_path / "bad.jsonl").read_bytes().splitlines()}
    with database.session() as session:
        assert {row.line for row in session.scalars(select(CorpusLineRow))} == ids
