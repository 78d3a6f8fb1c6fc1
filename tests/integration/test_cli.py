"""The command line as a person uses it: help, clear errors, files that say what was stored."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from explainer.cli import main
from explainer.operator import operator
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import ItemRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import ViewRow
from explainer.storage.staff import names_of
from tests.integration.commands import run
from tests.integration.kept import kept
from tests.unit.test_cleaning import write_folder

COMMANDS = [
    *["adapters", "corpus", "data", "demo", "explain", "export", "fit", "ingest", "key", "migrate", "prompts", "serve"],
    *["tags", "tune"],
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_help_lists_every_command_and_needs_no_heavy_library():
    heavy = "('torch', 'transformers', 'sqlalchemy')"
    code = f"import sys; from explainer.cli import main; print([m for m in {heavy} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
    output = CliRunner().invoke(main, ["--help"]).output
    assert all(command in output for command in COMMANDS)


def test_ingest_reports_what_it_dropped_and_twice_is_once(tmp_path):
    folder = tmp_path / "d"
    folder.mkdir()
    write_folder(folder, ".csv")
    first, second = run(tmp_path / "h", "ingest", str(folder)), run(tmp_path / "h", "ingest", str(folder))
    assert "2 new items, 2 new behaviours" in first.output
    assert "out of range" in first.output
    assert "0 new items, 0 new behaviours" in second.output


def test_the_next_full_load_does_not_bring_back_who_was_erased(home, home_database, tmp_path):
    erased = run(home, "subject", "erase", "c1", "--yes")
    assert erased.exit_code == 0, erased.output
    again = run(home, "ingest", str(tmp_path / "data"))
    assert "3 dropped, of somebody who was erased" in again.output, again.output
    assert "0 new behaviours" in again.output
    assert "c1" not in again.output
    back = run(home, "ingest", str(tmp_path / "data"), "--with-erased")
    assert "3 new behaviours" in back.output, back.output
    with home_database.session() as session:
        loads = session.scalars(select(AuditEntryRow.event).where(AuditEntryRow.event.like("dataset.%"))).all()
    assert loads == ["dataset.loaded", "dataset.loaded_with_erased"], "each load that brought something, by its kind"


def test_explain_writes_what_was_stored(home, tmp_path):
    out = tmp_path / "out.json"
    result = run(home, "explain", "--user", "c0", "--top", "1", "--json", str(out))
    assert result.exit_code == 0, result.output
    (record,) = json.loads(out.read_text())
    assert {"user", "item", "title", "text", "source", "evidence", "versions"} <= set(record)
    assert {"slot", "behaviour_id", "title", "contribution", "reasons"} <= set(record["evidence"][0])
    assert record["title"] == "Kettle"
    assert "kitchen" in record["text"]


@pytest.mark.parametrize(
    ("words", "made"), [(["--item", "p0"], ["out.svg"]), (["--top", "2"], ["out-1.svg", "out-2.svg"])]
)
def test_explain_draws_each_score(home, tmp_path, words, made):
    result = run(home, "explain", "--user", "c0", *words, "--svg", str(tmp_path / "out.svg"))
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in tmp_path.glob("*.svg")) == made
    picture = ElementTree.parse(tmp_path / made[0]).getroot()
    said = picture.findtext("{http://www.w3.org/2000/svg}desc")
    assert "(cited)" in said
    assert all(f"{title}" in said for title in ("Teapot", "Cup", "Saucer")), "uncited behaviours have their titles, too"


def test_a_new_user_gets_honest_texts(home):
    result = run(home, "explain", "--user", "new")
    assert result.exit_code == 0
    assert "new here" in result.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["explain", "--user", "c0", "--item", "zz"], 1, "no item 'zz'"),
        (["explain", "--user", "c0", "--item", "p0", "--top", "2"], 2, "not both"),
        (["explain"], 2, "--user"),
        (["explain", "--user", "c0", "--top", "0"], 2, "0"),
        (["ingest", "no/such"], 1, "not a folder"),
        (["ingest", "ml-100k"], 1, "one dataset"),
        (["serve"], 1, "explainer key create"),
        (["serve", "--port", "99999"], 2, "99999"),
        (["tune", "--out", "x", "--corpus", "missing.jsonl"], 1, "no corpus"),
        (["corpus", "--file", "missing.jsonl"], 1, "no corpus"),
        (["explain", "--user", "c0", "--json", "no/such/dir/out.json"], 1, "cannot be written"),
        (["explain", "--user", "c0", "--svg", "no/such/dir/out.svg"], 1, "cannot be written"),
    ],
)
def test_user_errors_are_one_clear_message(home, words, code, said):
    result = run(home, *words)
    assert result.exit_code == code, result.output
    assert said in " ".join(result.output.replace("│", " ").split())
    assert "Traceback" not in result.output


@pytest.mark.parametrize("words", [["explain", "--user", "u"], ["fit"], ["serve"], ["key", "create", "x"]])
def test_before_anything_is_there_the_error_says_what_to_do(tmp_path, words):
    result = run(tmp_path / "empty", *words)
    assert result.exit_code == 1
    assert "explainer migrate" in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("url", "said"),
    [("garbage", "EXPLAINER_DATABASE_URL"), ("oracle://x/y", "oracledb"), ("nosuch://x/y", "nosuch")],
)
@pytest.mark.parametrize("words", [["migrate"], ["explain", "--user", "u"]])
def test_a_database_url_that_makes_no_sense_is_named(tmp_path, monkeypatch, url, said, words):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", url)
    result = run(tmp_path, *words)
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert said in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize("words", [["migrate"], ["ingest", "ml-100k"], ["explain", "--user", "u"]])
def test_a_file_that_is_no_database_is_named(tmp_path, words):
    (tmp_path / "explainer.db").write_text("this is a shopping list, not a database")
    result = run(tmp_path, *words)
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "not a database" in " ".join(result.output.replace("│", " ").split())


def test_settings_that_make_no_sense_are_named(monkeypatch):
    monkeypatch.setenv("EXPLAINER_PORT", "many")
    result = CliRunner().invoke(main, ["migrate"])
    assert result.exit_code == 1
    assert "port" in result.output.lower()


def test_a_key_is_printed_once_and_kept_as_a_hash(home, home_database):
    key = run(home, "key", "create", "shop").output.strip()
    assert key.startswith("rb_")
    held = kept(home_database, home)
    assert any(b"shop" in one for one in held.values())
    assert not any(key.encode() in one for one in held.values())


def test_texts_in_chinese_for_each_reader(home, tmp_path):
    out = tmp_path / "out.json"
    for audience, word in {"customer": "您", "support": "该客户", "auditor": "归因"}.items():
        words = ["explain", "--user", "c1", "--top", "1", "--locale", "zh", "--audience", audience, "--json", str(out)]
        result = run(home, *words)
        assert result.exit_code == 0, result.output
        (shown,) = json.loads(out.read_text())
        assert (shown["locale"], shown["audience"], shown["source"]) == ("zh", audience, "template")
        assert word in shown["text"]
        assert "{" not in shown["text"]
    listed = run(home, "preview", "--user", "c1", "--without", "p1", "--locale", "zh")
    assert listed.exit_code == 0, listed.output
    assert "您" in listed.output


def test_a_look_at_the_command_line_is_on_record_like_any_other(home, home_database):
    assert run(home, "explain", "--user", "c1", "--top", "1").exit_code == 0
    with home_database.session() as session:
        made = session.scalars(select(ExplanationRow.id)).one()
    for words in (["preview", "--user", "c1", "--without", "p1"], ["replay", made], ["tags", "list", "--user", "c1"]):
        assert run(home, *words).exit_code == 0, words
    with home_database.session() as session:
        views = session.scalars(select(ViewRow)).all()
        entries = session.scalars(select(AuditEntryRow.event)).all()
        names = names_of(session, [one.viewer for one in views])
    looks = {(names[one.viewer], one.subject, one.what, one.record_id) for one in views}
    assert looks == {(operator(), "c1", what, of) for what, of in (("preview", ""), ("replay", made), ("tags", ""))}
    assert entries.count("record.viewed") == 3
    assert not any(one.unmasked for one in views), "there is nothing private in it"


def test_a_look_at_the_command_line_says_whether_it_was_at_anything_private(home, home_database):
    assert run(home, "explain", "--user", "c1", "--top", "1").exit_code == 0
    with home_database.session() as session:
        made = session.scalars(select(ExplanationRow)).one()
        cited = made.evidence[0].item_id
        session.execute(update(ItemRow).where(ItemRow.id == cited).values(private="health"))
    others = [one for one in ("p0", "p1", "p2", "p3") if one not in {cited, made.item_id}]
    looks = {"replay": [made.id], "preview": ["--user", "c1", "--without", cited]}
    for words in looks.items():
        assert run(home, words[0], *words[1]).exit_code == 0, words
    assert run(home, "preview", "--user", "c1", "--without", others[0]).exit_code == 0
    with home_database.session() as session:
        views = session.scalars(select(ViewRow).order_by(ViewRow.at)).all()
    assert [(one.what, one.unmasked) for one in views] == [("replay", True), ("preview", True), ("preview", False)]


@pytest.mark.parametrize("command", [["explain"], ["preview", "--without", "p1"]])
@pytest.mark.parametrize(
    ("option", "value", "known"),
    [("--locale", "fr", ["en", "zh"]), ("--audience", "boss", ["customer", "support", "auditor"])],
)
def test_an_unknown_reader_is_an_error_that_lists_the_known(tmp_path, command, option, value, known):
    result = run(tmp_path, *command, "--user", "c1", option, value)
    assert result.exit_code == 2
    assert value in result.output
    assert all(word in result.output for word in known)
