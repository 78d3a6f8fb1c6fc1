"""Files of a package that were changed, taken away or added, and signatures of other keys, are found."""

from __future__ import annotations

import os

import msgspec
import pytest

from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.notes import Signer
from explainer.audit.verify import TamperError
from explainer.service.package import manifest as names
from explainer.service.package.check import check_package
from explainer.service.package.faults import PackageFault
from explainer.service.package.manifest import FileNote, Manifest
from explainer.service.package.write import Packer, Wanted, write_package
from explainer.storage.listing import Search
from tests.integration.package.acting import KEY, LOOKER, SIGNER, fault, resign


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


def test_nobody_else_on_the_machine_may_read_it(pack):
    umask = os.umask(0)
    try:
        out = pack("s", 3)
    finally:
        os.umask(umask)
    assert {path.stat().st_mode & 0o777 for path in (out, *out.rglob("*")) if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in out.rglob("*") if path.is_file()} == {0o600}


def test_checkpoints_do_not_make_the_manifest_longer_and_none_can_be_taken_away(pack):
    pack()
    pack()
    out = pack()
    manifest = msgspec.json.decode((out / names.MANIFEST).read_bytes(), type=Manifest)
    assert (manifest.log.checkpoints, [one.name for one in manifest.files if "checkpoint" in one.name]) == (3, [])
    for path in sorted((out / names.CHECKPOINTS).iterdir()):
        raw = path.read_bytes()
        path.unlink()
        with pytest.raises(VerificationError):
            check_package(out, KEY)
        path.write_bytes(raw)
    check_package(out, KEY)


def test_a_checkpoint_that_somebody_kept_is_held_against_it(pack, tmp_path):
    first = next((pack() / names.CHECKPOINTS).iterdir())
    out = pack()
    assert check_package(out, KEY, first).log.checkpoints == 3
    log = CheckpointFolder(tmp_path / "another")
    check = Checkpoint("shop", 2, b"x" * 32)
    with pytest.raises(TamperError):
        check_package(out, KEY, log.add(check, SIGNER))


def test_a_package_of_another_format_says_which_release_checks_it(pack):
    out = pack()
    resign(out, format=1, made_by="0.0.9")
    with pytest.raises(VerificationError, match=r"format 1, made by release 0\.0\.9"):
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


def test_a_package_signed_by_a_key_that_the_old_one_introduced_is_good_and_by_the_old_one_is_not(
    database, packer, rows, tmp_path
):
    write_package(database, packer, Wanted(Search()), LOOKER, tmp_path / "before")
    new = Signer.new("shop.2")
    packer.folder.rotate(SIGNER, new, packer.folder.newest())
    write_package(database, Packer(packer.folder, new, packer.scratch), Wanted(Search()), LOOKER, tmp_path / "after")
    for key in (KEY, new.verifier):
        assert check_package(tmp_path / "after", key).log.checkpoints == 2
    resign(tmp_path / "after", SIGNER)
    for key in (KEY, new.verifier):
        with pytest.raises(VerificationError, match="another key followed"):
            check_package(tmp_path / "after", key)


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
