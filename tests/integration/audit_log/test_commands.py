"""``explainer audit``: what it does, what it says, and the codes with which it ends."""

from __future__ import annotations

from datetime import datetime

import pytest
from click.testing import CliRunner

from explainer.audit.keys import write_signer
from explainer.audit.notes import Signer
from explainer.audit.sources import stored_entries
from explainer.audit.verify import Fault, TamperError
from explainer.cli import main
from tests.databases import ON_POSTGRESQL
from tests.integration.audit_log.acting import ENTRIES, INTO, SIGNER, fault, grow, rewrite
from tests.integration.tampering import tamper

FAULTS = {
    10: ["UPDATE audit_entries SET event = 'x' WHERE seq = 17"],
    11: ["DELETE FROM audit_entries WHERE seq = 17"],
    12: [f"INSERT {INTO} SELECT 0, event, record_id, digest, at, leaf FROM audit_entries WHERE seq = 1"],
    13: ["DELETE FROM audit_entries WHERE seq > 30", "DELETE FROM audit_nodes WHERE (place + 1) << level > 30"],
    15: ["DELETE FROM audit_nodes WHERE level = 2 AND place = 3"],
}


@pytest.mark.parametrize("code", [0, 2, 3, 10, 11, 12, 13, 14, 15])
def test_verify_ends_with_the_code_that_its_help_promises(signed, folder, monkeypatch, tmp_path, code):
    if code == 14:
        with signed.session() as session:
            entries = [(e.event, e.record_id, e.digest, datetime.fromisoformat(e.at)) for e in stored_entries(session)]
        rewrite(signed, [*entries[:3], ("test.forged", *entries[3][1:]), *entries[4:]])
    if code in FAULTS:
        tamper(signed, *FAULTS[code])
    key = str(SIGNER.verifier if code != 2 else Signer("shop", bytes(32)).verifier)
    where = tmp_path / "none" if code == 3 else folder.folder
    where.mkdir(exist_ok=True)
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    found = CliRunner().invoke(main, ["audit", "verify", "--checkpoints", str(where), "--key", key])
    assert found.exit_code == code, found.output
    told = " ".join(CliRunner().invoke(main, ["audit", "verify", "--help"]).output.split())
    assert f"{code} " in told[told.index("Exit codes") :]


def test_a_database_that_cannot_be_read_is_not_verified(tmp_path, monkeypatch, folder):
    (tmp_path / "rubbish.db").write_bytes(b"no database" * 500)
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", f"sqlite:///{tmp_path / 'rubbish.db'}")
    found = CliRunner().invoke(main, ["audit", "verify", "--key", str(SIGNER.verifier)])
    assert (found.exit_code, "Not verified" in found.output) == (2, True), found.output


def test_a_checkpoint_that_was_kept_tells_what_the_folder_no_longer_does(signed, folder, monkeypatch, tmp_path):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    kept = tmp_path / "kept"
    (folder.folder / f"{ENTRIES:018d}.checkpoint").rename(kept)
    tamper(
        signed, "DELETE FROM audit_entries WHERE seq > 20", "DELETE FROM audit_nodes WHERE (place + 1) << level > 20"
    )
    told = ["audit", "verify", "--checkpoints", str(folder.folder), "--key", str(SIGNER.verifier)]
    assert CliRunner().invoke(main, told).exit_code == 0, "nobody can tell without it"
    assert CliRunner().invoke(main, [*told, "--kept", str(kept)]).exit_code == 13


def test_the_commands(signed, monkeypatch, tmp_path):
    def run(*arguments):
        return CliRunner().invoke(main, ["--home", str(tmp_path / "home"), "audit", *arguments])

    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    key = run("key").output.strip()
    assert run("verify").exit_code == 3, "nobody has signed it"
    assert "Signed 40 entries" in run("checkpoint").output
    assert "Nothing new" in run("checkpoint").output
    assert run("verify", "--key", key).exit_code == 0
    rotated = run("key", "--rotate").output.strip().splitlines()[-1]
    assert rotated != key
    grow(signed, ENTRIES + 2)
    assert run("checkpoint").exit_code == 0
    found = run("verify", "--key", key)
    assert (found.exit_code, "3 signed checkpoints fit" in found.output) == (0, True), found.output
    grow(signed, ENTRIES + 5)
    found = run("verify", "--key", key)
    assert (found.exit_code, "43 to 45 nobody has signed" in found.output) == (0, True), found.output
    assert run("export", str(tmp_path / "out.jsonl")).exit_code == 0
    found = run("verify", "--key", key, "--export", str(tmp_path / "out.jsonl"))
    assert (found.exit_code, "45 entries" in found.output) == (0, True), "it was signed before it was written"
    assert '"seq": 7' in run("prove", "7").output
    assert run("prove", "99").exit_code == 1
    assert run("verify", "--key", str(SIGNER.verifier)).exit_code == 2
    tamper(signed, "UPDATE audit_entries SET event = 'x' WHERE seq = 17")
    found = run("verify", "--key", key)
    assert (found.exit_code, "entry 17" in found.output) == (10, True), found.output


MADE_ANEW = ["CREATE TABLE anew AS SELECT * FROM audit_entries", "DROP TABLE audit_entries"]
MADE_ANEW += ["ALTER TABLE anew RENAME TO audit_entries"]
SQLITE_ALONE = {
    "no number": (12, "NULL, event, record_id, digest, at, leaf"),
    "a word for a number": (12, "'x', event, record_id, digest, at, leaf"),
    "half a number": (12, "17.5, event, record_id, digest, at, leaf"),
    "the number of another": (12, "17, event, record_id, digest, at, leaf"),
    "bytes for a text": (10, "41, x'ff', record_id, digest, at, leaf"),
}


@pytest.mark.parametrize("way", SQLITE_ALONE)
@pytest.mark.skipif(ON_POSTGRESQL, reason="only SQLite takes any value into any column")
def test_what_no_program_of_ours_wrote_is_named_and_not_stumbled_over(signed, folder, monkeypatch, way):
    code, columns = SQLITE_ALONE[way]
    tamper(signed, *MADE_ANEW, f"INSERT {INTO} SELECT {columns} FROM audit_entries WHERE seq = 17")
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    told = ["audit", "verify", "--checkpoints", str(folder.folder), "--key", str(SIGNER.verifier)]
    found = CliRunner().invoke(main, told)
    assert found.exit_code == code, found.output


@pytest.mark.skipif(ON_POSTGRESQL, reason="PostgreSQL holds no text that is not UTF-8")
@pytest.mark.parametrize("column", ["event", "record_id", "digest", "at", "leaf"])
def test_a_value_that_cannot_be_read_is_found_at_its_entry(signed, folder, column):
    tamper(signed, f"UPDATE audit_entries SET {column} = CAST(x'80ff' AS TEXT) WHERE seq = 17")
    assert fault(signed, folder) == (Fault.ALTERED, 17)
    for chunk in (1, 15, 16, 17):
        with signed.session() as session, pytest.raises(TamperError, match=r"^Entry 17 was altered"):
            list(stored_entries(session, chunk))
    tamper(signed, "UPDATE audit_entries SET event = 'x' WHERE seq = 16")
    assert fault(signed, folder) == (Fault.ALTERED, 16), "what comes before it in the same chunk is found first"


def test_an_empty_log_that_nobody_signed_is_vouched_for_by_nobody(empty, monkeypatch, tmp_path):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", empty.url)
    (tmp_path / "empty").mkdir()
    told = ["audit", "verify", "--key", str(SIGNER.verifier), "--checkpoints"]
    assert CliRunner().invoke(main, [*told, str(tmp_path / "empty")]).exit_code == 3
    mistyped = CliRunner().invoke(main, [*told, str(tmp_path / "emtpy")])
    assert (mistyped.exit_code, "There is no folder" in mistyped.output) == (2, True), mistyped.output
    monkeypatch.setenv("EXPLAINER_CHECKPOINTS", str(tmp_path / "not mounted"))
    away = CliRunner().invoke(main, ["audit", "verify", "--key", str(SIGNER.verifier)])
    assert (away.exit_code, "sign it now" in away.output) == (2, False), away.output


def test_to_verify_makes_no_key(signed, folder, monkeypatch, tmp_path):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    monkeypatch.setenv("EXPLAINER_CHECKPOINTS", str(folder.folder))
    for told in (["verify"], ["check-proof", "-"]):
        found = CliRunner().invoke(main, ["--home", str(tmp_path / "home"), "audit", *told], input="{}")
        assert (found.exit_code, "--key" in found.output) == (2, True), found.output
    assert not (tmp_path / "home" / "audit.key").exists()


def test_an_export_without_a_key_says_what_nobody_vouches_for_and_makes_none(signed, folder, monkeypatch, tmp_path):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    monkeypatch.setenv("EXPLAINER_CHECKPOINTS", str(folder.folder))
    grow(signed, ENTRIES + 3)
    out = tmp_path / "log.jsonl"
    found = CliRunner().invoke(main, ["--home", str(tmp_path / "home"), "audit", "export", str(out)])
    told = " ".join(found.output.split())
    assert (found.exit_code, "Entries 41 to 43 are not signed" in told) == (0, True), found.output
    assert len(out.read_bytes().splitlines()) == ENTRIES + 3
    assert not (tmp_path / "home" / "audit.key").exists()


@pytest.mark.parametrize("with_key", [True, False])
def test_an_export_of_a_log_that_was_cut_says_so(signed, folder, monkeypatch, tmp_path, with_key):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    monkeypatch.setenv("EXPLAINER_CHECKPOINTS", str(folder.folder))
    if with_key:
        write_signer(tmp_path / "home" / "audit.key", SIGNER)
    tamper(signed, *FAULTS[13])
    out = tmp_path / "log.jsonl"
    found = CliRunner().invoke(main, ["--home", str(tmp_path / "home"), "audit", "export", str(out)])
    told = " ".join(found.output.split())
    assert (found.exit_code, "Not whole: 40 entries were signed" in told) == (13, True), found.output
    assert ("its end was cut off" in told) is with_key
    assert len(out.read_bytes().splitlines()) == 30


def test_an_export_that_fails_leaves_what_was_there(signed, monkeypatch, tmp_path):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    home, out = ["--home", str(tmp_path / "home"), "audit", "export"], tmp_path / "log.jsonl"
    nowhere = CliRunner().invoke(main, [*home, str(tmp_path / "nowhere" / "log.jsonl")])
    assert (nowhere.exit_code, "cannot be written" in " ".join(nowhere.output.split())) == (1, True), nowhere.output
    full = " ".join(CliRunner().invoke(main, [*home, "/dev/full"]).output.split())
    assert "/dev/full cannot be written: No space left" in full, full
    out.write_text("of yesterday")
    tamper(signed, "UPDATE audit_entries SET event = 'x' || substr(event, 2) WHERE seq = 3")
    tamper(signed, "DELETE FROM audit_salts", "UPDATE audit_entries SET seq = 2500000000000000000 WHERE seq = 30")
    failed = CliRunner().invoke(main, [*home, str(out)])
    assert failed.exit_code == 1, failed.output
    assert out.read_text() == "of yesterday"
    assert sorted(path.name for path in tmp_path.glob("log.jsonl*")) == ["log.jsonl"]


def test_a_folder_that_cannot_be_looked_into_is_one_clear_line(signed, monkeypatch, tmp_path):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    monkeypatch.setenv("EXPLAINER_CHECKPOINTS", str(tmp_path / ("long" * 100)))
    verified = CliRunner().invoke(main, ["audit", "verify", "--key", str(SIGNER.verifier)])
    assert (verified.exit_code, "Not verified" in verified.output) == (2, True), verified.output
    proved = CliRunner().invoke(main, ["audit", "prove", "3"])
    assert (proved.exit_code, type(proved.exception)) == (1, SystemExit), proved.output
