"""``explainer audit``: what it does, what it says, and the codes with which it ends."""

from __future__ import annotations

from datetime import datetime

import pytest
from click.testing import CliRunner

from explainer.audit.notes import Signer
from explainer.audit.sources import stored_entries
from explainer.cli import main
from tests.integration.audit_log.acting import ENTRIES, INTO, SIGNER, grow, rewrite
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
    assert run("export", str(tmp_path / "out.jsonl")).exit_code == 0
    assert run("verify", "--key", key, "--export", str(tmp_path / "out.jsonl")).exit_code == 0
    assert '"seq": 7' in run("prove", "7").output
    assert run("prove", "99").exit_code == 1
    assert run("verify", "--key", str(SIGNER.verifier)).exit_code == 2
    tamper(signed, "UPDATE audit_entries SET event = 'x' WHERE seq = 17")
    found = run("verify", "--key", key)
    assert (found.exit_code, "entry 17" in found.output) == (10, True), found.output
