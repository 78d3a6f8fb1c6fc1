"""Packages for auditors: what is taken away proves itself, and whatever was done to it is found."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient
from sqlalchemy import delete, select, update

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.audit import verify_alone
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import Tree, leaf_hash
from explainer.audit.notes import Signer
from explainer.audit.verify import TamperError
from explainer.cli import main
from explainer.errors import ExplainerError, SearchError
from explainer.files import file_hash
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.package import manifest as names
from explainer.service.package.check import check_package
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.manifest import FileNote, Manifest
from explainer.service.package.table import MEANINGS
from explainer.service.package.write import Packer, Wanted, write_package
from explainer.service.suppress import suppress
from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow
from explainer.storage.listing import Search
from explainer.writing.style import Style
from tests.integration.test_server import problem_of

SIGNER = Signer("shop", bytes(range(32)))
SCRIPT = Path(verify_alone.__file__)
KEY = SIGNER.verifier


@pytest.fixture
def rows(explainer, database):
    made = [row for user in ("u1", "u3", "nobody") for row in explainer.explain_top(user, 4)]
    made += explainer.explain_top("u1", 2, Style("zh", "auditor"))
    give_feedback(database, made[0].id, FeedbackKind.WRONG, "Not mine.", "test")
    return made


@pytest.fixture
def packer(tmp_path):
    return Packer(CheckpointFolder(tmp_path / "elsewhere"), SIGNER, tmp_path / "scratch")


@pytest.fixture
def pack(database, packer, rows, tmp_path):
    """Return a function that makes a package: ``pack(seed="", n=0, **search)``."""
    numbers = iter(range(100))

    def make(seed="", n=0, **search):
        out = tmp_path / f"out{next(numbers)}"
        write_package(database, packer, Wanted(Search(**search), seed, n), out)
        return out

    return make


def lines(folder, name=names.RECORDS):
    return [msgspec.json.decode(line) for line in (folder / name).read_bytes().splitlines()]


def ids(folder):
    return [one["explanation"]["id"] for one in lines(folder)]


def resign(folder, signer=SIGNER, **changes):
    """Make the manifest fit the files again and sign it, as the owner of the key can."""
    old = msgspec.json.decode((folder / names.MANIFEST).read_bytes(), type=Manifest)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and "manifest" not in path.name)
    files = [FileNote(p.relative_to(folder).as_posix(), p.stat().st_size, file_hash(p)) for p in paths]
    raw = names.written(msgspec.structs.replace(old, files=files, **changes))
    (folder / names.MANIFEST).write_bytes(raw)
    (folder / names.NOTE).write_text(names.signed(raw, old.made_at, signer), encoding="utf-8")


def rewrite(folder, name, change):
    """Change the JSON lines of a file in place: ``change(lines)`` may return others."""
    held = lines(folder, name)
    held = change(held) or held
    (folder / name).write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in held))


def fault(folder):
    with pytest.raises(PackageTamperError) as raised:
        check_package(folder, KEY)
    return raised.value.fault, raised.value.where


def test_a_package_proves_itself_and_its_records_are_those_of_the_database(pack, database, rows):
    suppress(database, rows[1].id, "Rude.", "ada")
    out = pack()
    found = check_package(out, KEY)
    assert ids(out) == [row.id for row in sorted(rows, key=lambda row: (row.created_at, row.id))]
    assert (found.manifest.explanations, found.made, found.unsalted) == (14, 14, 0)
    with database.session() as session:
        assert found.log.entries == len(session.scalars(select(AuditEntryRow)).all()) - 1, "the last is of the package"
    entries = [entry for one in lines(out) for entry in one["entries"]]
    assert found.proved + found.unkept == found.manifest.entries == len(entries)
    assert found.unkept == len([one for one in entries if one["matches"] is None]) == 1, "the review is open"
    assert "personal data" in found.manifest.privacy
    table = pl.read_parquet(out / names.TABLE)
    assert (table.height, table.columns) == (14, list(MEANINGS))
    assert found.manifest.columns == MEANINGS
    first = table.filter(pl.col("id") == rows[0].id).row(0, named=True)
    assert (first["text"], first["user"], first["wrong"]) == (rows[0].text, "u1", 1)
    assert first["cited_titles"] == [cited.title for cited in rows[0].evidence]
    assert table.filter(pl.col("suppressed"))["id"].to_list() == [rows[1].id]


def test_an_outsider_proves_a_record_with_a_few_lines_of_their_own(pack):
    out = pack()
    salts = {one["seq"]: one for one in lines(out, names.SALTS)}
    logged = (out / names.LOG).read_bytes().splitlines()
    tree = Tree()
    for line in logged:
        tree.append(leaf_hash(line))
    for record in lines(out):
        (entry,) = [one for one in record["entries"] if one["event"] == "explanation.created"]
        proof = salts[entry["seq"]]
        digest = hashlib.sha256(bytes.fromhex(proof["salt"]) + proof["digested"].encode()).hexdigest()
        assert digest == entry["digest"] == msgspec.json.decode(logged[entry["seq"] - 1])["digest"]
        assert msgspec.json.decode(proof["digested"])["text"] == record["explanation"]["text"]
    assert tree.root().hex() == msgspec.json.decode((out / names.MANIFEST).read_bytes())["log"]["root"]
    command = [sys.executable, SCRIPT, out / names.LOG, out / names.CHECKPOINTS, str(KEY)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.startswith("whole:")


def test_filters_narrow_what_is_in_it_and_borders_are_utc(pack, database, rows):
    assert set(ids(pack(user="u3"))) == {row.id for row in rows[4:8]}
    assert set(ids(pack(locale="zh", audience="auditor"))) == {row.id for row in rows[-2:]}
    assert ids(pack(complained=True)) == [rows[0].id]
    assert len(ids(pack(complained=False, source="template", writer="template"))) == 13
    since = datetime(2026, 11, 1, tzinfo=UTC)
    assert pack(until=since) and not ids(pack(until=datetime(2020, 1, 1, tzinfo=UTC)))
    out = pack(user="nobody ever")
    assert check_package(out, KEY).manifest.explanations == 0
    assert pl.read_parquet(out / names.TABLE).columns == list(MEANINGS)
    for folder in (pack(user="u3"), pack(complained=False), pack(recommender=rows[0].recommender_version[:8])):
        check_package(folder, KEY)


def test_a_moment_at_the_border_is_in_from_and_out_before(pack, rows):
    border = rows[0].created_at
    assert rows[0].id in ids(pack(since=border))
    assert rows[0].id not in ids(pack(until=border))


def test_a_sample_is_drawn_the_same_again_and_can_be_drawn_elsewhere(pack, rows):
    out = pack("a seed", 5)
    ordered = sorted((row.id for row in rows), key=lambda one: hashlib.sha256(f"a seed:{one}".encode()).hexdigest())
    assert ids(out) == ids(pack("a seed", 5)) == ordered[:5] != ids(pack("another", 5))
    assert check_package(out, KEY).manifest.sample.found == 14
    assert (out / names.IDS).read_text().split() == sorted(row.id for row in rows)
    assert len(ids(pack("x", 100))) == 14


def test_what_is_there_already_is_not_written_over(database, packer, rows, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(ExplainerError, match="is there already"):
        write_package(database, packer, Wanted(Search()), tmp_path / "out")
    with pytest.raises(SearchError):
        bad = Search(since=datetime(2026, 2, 1, tzinfo=UTC), until=datetime(2026, 1, 1, tzinfo=UTC))
        write_package(database, packer, Wanted(bad), tmp_path / "other")
    assert not list(tmp_path.glob("*other*")), "nothing unfinished is left"


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


@pytest.mark.parametrize("name", [*sorted(names.ALWAYS), names.IDS, names.MANIFEST, "checkpoints"])
@pytest.mark.parametrize("attack", ["flip", "cut", "grow", "remove", "link", "folder"])
def test_whatever_is_done_to_a_file_is_found(pack, name, attack, tmp_path):
    out = pack("s", 3)
    path = next((out / name).glob("*.checkpoint")) if name == "checkpoints" else out / name
    raw = path.read_bytes()
    if attack == "flip":
        path.write_bytes(raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 1]) + raw[len(raw) // 2 + 1 :])
    elif attack == "cut":
        path.write_bytes(raw[:-1])
    elif attack == "grow":
        path.write_bytes(raw + b"\n")
    else:
        path.unlink()
        if attack == "link":
            (tmp_path / "real").write_bytes(raw)
            path.symlink_to(tmp_path / "real")
        if attack == "folder":
            path.mkdir()
    with pytest.raises(VerificationError):
        check_package(out, KEY)


@pytest.mark.parametrize("name", ["more.txt", ".hidden", "checkpoints/more.txt", "records.jsonl~"])
def test_a_file_too_many_is_found(pack, name):
    out = pack()
    (out / name).write_text("x")
    assert fault(out) == (PackageFault.FILE, name)


def test_a_pipe_is_not_read(pack):
    out = pack()
    (out / names.RECORDS).unlink()
    os.mkfifo(out / names.RECORDS)
    assert fault(out) == (PackageFault.FILE, names.RECORDS)


def test_another_key_or_none_is_no_signature(pack, tmp_path):
    out = pack()
    with pytest.raises(VerificationError, match="not signed by"):
        check_package(out, Signer.new("shop").verifier)
    resign(out, Signer.new("elsewhere"))
    with pytest.raises(VerificationError, match="not signed by"):
        check_package(out, KEY)
    with pytest.raises(VerificationError):
        check_package(tmp_path / "none", KEY)


def test_a_package_signed_by_a_key_that_the_old_one_introduced_is_good(database, packer, rows, tmp_path):
    write_package(database, packer, Wanted(Search()), tmp_path / "before")
    new = Signer.new("shop.2")
    packer.folder.rotate(SIGNER, new)
    write_package(database, Packer(packer.folder, new, packer.scratch), Wanted(Search()), tmp_path / "after")
    assert check_package(tmp_path / "after", KEY).log.checkpoints == 2


def drop(held):
    del held[1]


def double(held):
    held.insert(1, held[1])


def swap(held):
    held[0], held[1] = held[1], held[0]


def lie(held):
    held[0]["explanation"]["text"] = "Lies."


def shift(held):
    held[0]["entries"][0]["seq"] += 1


def redigest(held):
    held[0]["entries"][0]["digest"] = "0" * 64


@pytest.mark.parametrize("change", [drop, double, swap, lie, shift, redigest])
@pytest.mark.parametrize("sampled", [False, True])
def test_what_the_owner_of_the_key_signs_anew_is_found_all_the_same(pack, change, sampled):
    out = pack("s", 5) if sampled else pack()
    rewrite(out, names.RECORDS, change)
    resign(out, explanations=len(lines(out)))
    with pytest.raises(PackageTamperError) as raised:
        check_package(out, KEY)
    assert raised.value.fault in {PackageFault.RECORD, PackageFault.SELECTION}


def test_a_forged_record_with_a_forged_proof_is_found_by_the_log(pack):
    out = pack()

    def forge(held):
        statement = msgspec.json.decode(held[0]["digested"]) | {"text": "Lies."}
        import rfc8785

        held[0]["digested"] = rfc8785.dumps(statement).decode()

    rewrite(out, names.RECORDS, lie)
    rewrite(out, names.SALTS, forge)
    proof = lines(out, names.SALTS)[0]
    digest = hashlib.sha256(bytes.fromhex(proof["salt"]) + proof["digested"].encode()).hexdigest()
    rewrite(out, names.RECORDS, lambda held: held[0]["entries"][0].update(digest=digest))
    resign(out)
    assert fault(out) == (PackageFault.RECORD, "entry 1")


def test_a_log_that_was_forged_to_fit_is_found_by_its_checkpoints(pack):
    out = pack(user="nobody")
    rewrite(out, names.LOG, lambda held: held[0].update(digest="0" * 64))
    resign(out)
    with pytest.raises(TamperError):
        check_package(out, KEY)


def test_ids_that_were_left_out_before_the_draw_are_counted(pack):
    out = pack("s", 5)
    (out / names.IDS).write_text("".join(f"{one}\n" for one in sorted(ids(out))))
    resign(out)
    assert fault(out) == (PackageFault.SELECTION, names.IDS)


def test_an_id_of_nothing_that_was_made_is_found(pack):
    out = pack("s", 2)
    held = (out / names.IDS).read_text().split()
    left = next(one for one in held if one not in ids(out))
    (out / names.IDS).write_text("".join(f"{one}\n" for one in sorted([*(set(held) - {left}), "0" * 36])))
    resign(out)
    with pytest.raises(PackageTamperError) as raised:
        check_package(out, KEY)
    assert raised.value.fault is PackageFault.SELECTION


def test_prompts_that_are_not_what_their_version_says_are_found(pack, database, rows):
    out = pack()

    def change(held):
        templates = held[0]["prompts"][0]["templates"]
        templates.update({name: f"{text} Lies." for name, text in templates.items()})

    rewrite(out, names.PROVENANCE, change)
    resign(out)
    assert fault(out) == (PackageFault.RECORD, names.PROVENANCE)


def test_records_that_the_search_does_not_find_are_found(pack):
    out = pack()
    resign(out, search=Search(user="u1"))
    assert fault(out)[0] is PackageFault.SELECTION


def test_a_table_that_says_something_else_is_found(pack):
    for change in (
        lambda table: table.with_columns(text=pl.lit("Lies.")),
        lambda table: table.drop("text"),
        lambda table: table.head(3),
        lambda table: pl.concat([table, table]),
    ):
        out = pack()
        change(pl.read_parquet(out / names.TABLE)).write_parquet(out / names.TABLE)
        resign(out)
        assert fault(out) == (PackageFault.TABLE, names.TABLE)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "records.jsonl/../x", "checkpoints/../log.jsonl", "", "\x00", "log.jsonl"],
)
def test_names_in_the_manifest_lead_nowhere(pack, name):
    out = pack()
    old = msgspec.json.decode((out / names.MANIFEST).read_bytes(), type=Manifest)
    raw = names.written(msgspec.structs.replace(old, files=[*old.files, FileNote(name, 1, "0" * 64)]))
    (out / names.MANIFEST).write_bytes(raw)
    (out / names.NOTE).write_text(names.signed(raw, old.made_at, SIGNER), encoding="utf-8")
    assert fault(out)[0] is PackageFault.FILE


RUBBISH = [
    b"",
    b"\n",
    b"{}",
    b"[]\n",
    b"null\n",
    b"NaN\n",
    b"\xff\xfe",
    b'{"seq":1,"seq":2,"salt":null,"digested":null}\n',
    b'{"seq":1e999,"salt":"zz","digested":"x"}\n',
    b"[" * 100_000,
    b"PAR1" + b"\x00" * 64 + b"PAR1",
    b'{"prompts":[{}],"models":[]}\n',
    b'{"prompts":{"a":1},"models":[NaN]}\n',
]


@pytest.mark.parametrize("name", [*sorted(names.ALWAYS), names.IDS])
def test_rubbish_that_is_signed_raises_nothing_else(pack, name):
    out = pack("s", 3)
    whole = (out / name).read_bytes()
    for raw in RUBBISH:
        (out / name).write_bytes(raw)
        resign(out)
        with pytest.raises(VerificationError):
            check_package(out, KEY)
    (out / name).write_bytes(whole)
    resign(out)
    check_package(out, KEY)


@pytest.fixture
def bench(pack, tmp_path):
    return pack("s", 3), tmp_path / "copy"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([*sorted(names.ALWAYS), names.IDS, names.MANIFEST, names.NOTE]),
    sign=st.booleans(),
    data=st.data(),
)
def test_only_verification_errors_escape(bench, name, sign, data):
    whole, copy = bench
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(whole, copy)
    raw = (copy / name).read_bytes()
    start = data.draw(st.integers(0, len(raw)))
    length = data.draw(st.integers(0, 40))
    made = raw[:start] + data.draw(st.binary(max_size=40)) + raw[start + length :]
    (copy / name).write_bytes(made)
    if sign and name not in {names.MANIFEST, names.NOTE}:
        resign(copy)
    if made == raw:
        check_package(copy, KEY)
    elif sign and name == names.PROVENANCE:  # what a model's settings are, its owner alone can say
        with contextlib.suppress(VerificationError):
            check_package(copy, KEY)
    else:
        with pytest.raises(VerificationError):
            check_package(copy, KEY)


def test_a_longer_package_takes_no_more_memory(explainer, packer, rows, tmp_path):
    def peak(name):
        tracemalloc.start()
        write_package(explainer.database, packer, Wanted(Search()), tmp_path / name)
        written = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        check_package(tmp_path / name, KEY)
        read = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return written, read, (tmp_path / name / names.RECORDS).stat().st_size

    for n in range(3):
        explainer.explain_top(f"new {n}", 40)
    short = peak("short")
    for n in range(3, 18):
        explainer.explain_top(f"new {n}", 40)
    long = peak("long")
    assert long[2] > 4.5 * short[2]
    assert long[0] < 1.5 * short[0]


@pytest.fixture
def auditor(explainer, database, packer):
    with database.session() as session:
        key = create_key(session, "auditor", Role.AUDITOR)
    with TestClient(create_app(explainer, queue=4, parts=Parts(packer=packer))) as made:
        made.headers["X-API-Key"] = key
        yield made


def test_a_package_can_be_downloaded_and_the_look_is_in_it(auditor, rows, tmp_path):
    answer = auditor.get("/v1/audit/package", params={"seed": "s", "n": 5, "user": "u1"})
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as held:
        assert held.testzip() is None
        held.extractall(tmp_path / "here")
    found = check_package(tmp_path / "here" / "package", KEY)
    assert found.manifest.sample.found == 6
    assert (found.manifest.explanations, found.manifest.search.user) == (5, "u1")
    views = lines(tmp_path / "here" / "package")[0]["views"]
    assert views == [], "a download is a look at a user's record, not at one explanation"
    events = [one["event"] for one in lines(tmp_path / "here" / "package", names.LOG)]
    assert events[-1] == "record.viewed"
    problem_of(auditor.get("/v1/audit/package", params={"n": 0}), 400)
    problem_of(auditor.get("/v1/audit/package", params={"since": "2026-02-01", "until": "2026-01-01"}), 400)


def test_the_command_makes_and_checks_one(explainer, database, rows, tmp_path):
    home = ["--home", str(tmp_path / "home")]
    environment = {"EXPLAINER_DATABASE_URL": database.url}
    out = str(tmp_path / "out")

    def run(*arguments):
        found = CliRunner().invoke(main, [*home, "audit", *arguments], env=environment)
        return found.exit_code, " ".join(found.output.split())

    made = run("package", out, "--from", "2020-01-01", "--user", "u1", "--seed", "s", "--sample", "2")
    assert made[0] == 0, made
    assert "2 explanations, drawn of 6" in made[1]
    assert "personal data" in made[1]
    key = run("key")[1]
    code, told = run("package-check", out, "--key", key)
    assert (code, "Whole: 2 explanations" in told) == (0, True), told
    assert run("package-check", out, "--key", str(KEY))[0] == 2
    (tmp_path / "out" / names.RECORDS).unlink()
    code, told = run("package-check", out, "--key", key)
    assert (code, "'records.jsonl' is missing" in told) == (16, True)
    assert run("package", str(tmp_path / "b"), "--seed", "s")[0] == 2
