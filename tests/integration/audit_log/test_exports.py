"""What was exported is verified without the database, by us and by a script that knows nothing of us."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from explainer.audit import verify_alone
from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import Checkpoint
from explainer.audit.errors import VerificationError
from explainer.audit.notes import Signer
from explainer.audit.sources import export_entries, exported_entries
from explainer.audit.verify import TamperError, verify
from explainer.cli import main
from tests.integration.audit_log.acting import ENTRIES, SIGNER, grow

SCRIPT = Path(verify_alone.__file__)


def test_an_export_is_verified_without_the_database(signed, folder, tmp_path):
    out = tmp_path / "log.jsonl"
    with signed.session() as session:
        out.write_bytes(b"".join(export_entries(session)))
    assert verify(exported_entries(out), folder.read(SIGNER.verifier)).entries == ENTRIES
    lines = out.read_bytes().splitlines(keepends=True)
    for broken in (b"".join(lines[:-1]), b"".join(lines[1:]), b"".join([lines[1], lines[0], *lines[2:]])):
        out.write_bytes(broken)
        with pytest.raises(TamperError):
            verify(exported_entries(out), folder.read(SIGNER.verifier))


@pytest.mark.parametrize("attack", ["none", "edit", "drop", "swap", "cut", "wrong key", "false signature"])
def test_a_stranger_s_script_comes_to_the_same_result(signed, folder, tmp_path, attack):
    out, key = tmp_path / "log.jsonl", str(SIGNER.verifier)
    new = Signer.new("shop.2")
    folder.rotate(SIGNER, new, ENTRIES)
    grow(signed, ENTRIES + 1)
    sign_head(signed, folder, new)
    with signed.session() as session:
        lines = list(export_entries(session))
    changed = {
        "edit": [*lines[:5], lines[5].replace(b"r5", b"rX"), *lines[6:]],
        "drop": lines[:9] + lines[10:],
        "swap": [lines[1], lines[0], *lines[2:]],
        "cut": lines[:-1],
    }
    out.write_bytes(b"".join(changed.get(attack, lines)))
    if attack == "wrong key":
        key = str(Signer("shop", bytes(32)).verifier)
    if attack == "false signature":
        path = min(folder.folder.glob("*.checkpoint"))
        path.write_text(path.read_text().replace("shop\n8\n", "shop\n9\n"))
    run = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(out), str(folder.folder), key],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == {"none": 0, "wrong key": 2, "false signature": 2}.get(attack, 1), run.stdout + run.stderr


def checked(out, folder):
    """Return what we say of an export, and what the script says."""
    told = ["audit", "verify", "--export", str(out), "--checkpoints", str(folder), "--key", str(SIGNER.verifier)]
    ours = CliRunner().invoke(main, told)
    script = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(out), str(folder), str(SIGNER.verifier)],
        capture_output=True,
        text=True,
        check=False,
    )
    return (ours.exit_code, script.returncode), (" ".join(ours.output.split()), script.stdout)


def test_the_end_that_nobody_has_signed_does_not_pass_for_whole(signed, folder, tmp_path):
    out = tmp_path / "log.jsonl"
    grow(signed, ENTRIES + 3)
    with signed.session() as session:
        lines = list(export_entries(session))
    forged = [*lines[:-1], lines[-1].replace(b"test.happened", b"test.invented")]
    for there in (lines, forged, lines[:-1]):
        out.write_bytes(b"".join(there))
        codes, words = checked(out, folder.folder)
        assert codes == (3, 3)
        assert all(f"41 to {len(there)} nobody has signed" in one for one in words), words
    out.write_bytes(b"".join(lines[:ENTRIES]))
    assert checked(out, folder.folder)[0] == (0, 0)


def test_where_there_is_nothing_both_say_the_same(folder, tmp_path):
    out = tmp_path / "log.jsonl"
    out.write_bytes(b"")
    assert checked(out, tmp_path / "mistyped")[0] == (2, 2)
    (tmp_path / "empty").mkdir()
    assert checked(out, tmp_path / "empty")[0] == (3, 3)
    folder.add(Checkpoint("shop", 0, bytes(32)), SIGNER)
    assert checked(out, folder.folder)[0] == (14, 1), "an empty log has another root"


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw + "— x AAAA\n".encode(),
        lambda raw: raw + "— x AAAAAAAA\n".encode() * 100,
        lambda raw: b"x" * 100_000 + raw,
        lambda raw: raw + b"more",
        lambda raw: raw.replace(b"\n\n", b"\r\n\n"),
    ],
)
def test_what_is_no_note_is_none_to_both(signed, folder, tmp_path, change):
    out = tmp_path / "log.jsonl"
    with signed.session() as session:
        out.write_bytes(b"".join(export_entries(session)))
    for name in ("a.rotation", f"{20:018d}.checkpoint"):
        path = folder.folder / name
        path.write_bytes(change((folder.folder / f"{20:018d}.checkpoint").read_bytes()))
        assert checked(out, folder.folder)[0] == (2, 2)
        if name == "a.rotation":
            path.unlink()


def test_a_line_that_was_rewritten_is_named(signed, folder, tmp_path):
    out = tmp_path / "log.jsonl"
    with signed.session() as session:
        lines = list(export_entries(session))
    for line in (lines[16].replace(b",", b", "), lines[16][:-5], b"\xff\n", lines[16].replace(b'"seq"', b'"zeq"')):
        out.write_bytes(b"".join([*lines[:16], line, *lines[17:]]))
        codes, words = checked(out, folder.folder)
        assert codes == (10, 1)
        assert "altered at entry 17" in words[0]
        assert "17" in words[1]


@pytest.mark.parametrize("rubbish", [b"\xff\xfe", b"{}\n", b"[1]\n", b"null\n", b"{" * 20_000, b'{"seq": 1}\n', b"\n"])
def test_rubbish_is_no_export_and_nothing_else_escapes(rubbish, folder, tmp_path):
    out = tmp_path / "log.jsonl"
    out.write_bytes(rubbish)
    with pytest.raises(VerificationError):
        verify(exported_entries(out), folder.read(SIGNER.verifier))
