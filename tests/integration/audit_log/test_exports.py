"""What was exported is verified without the database, by us and by a script that knows nothing of us."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from explainer.audit import verify_alone
from explainer.audit.checkpointer import sign_head
from explainer.audit.errors import VerificationError
from explainer.audit.notes import Signer
from explainer.audit.sources import export_entries, exported_entries
from explainer.audit.verify import TamperError, verify
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


@pytest.mark.parametrize("rubbish", [b"\xff\xfe", b"{}\n", b"[1]\n", b"null\n", b"{" * 20_000, b'{"seq": 1}\n', b"\n"])
def test_rubbish_is_no_export_and_nothing_else_escapes(rubbish, folder, tmp_path):
    out = tmp_path / "log.jsonl"
    out.write_bytes(rubbish)
    with pytest.raises(VerificationError):
        verify(exported_entries(out), folder.read(SIGNER.verifier))
