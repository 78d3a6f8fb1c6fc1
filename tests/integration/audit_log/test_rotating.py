"""A key is exchanged while others sign, or is interrupted, or has nowhere to go: nothing that was signed is lost."""

from __future__ import annotations

import re
import threading

import pytest
from click.testing import CliRunner

from explainer.audit import rotating, verify_alone
from explainer.audit.checkpointer import Checkpointer, sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.keys import load_signer, load_verifier, write_signer
from explainer.audit.notes import Signer
from explainer.audit.rotating import rotate_key
from explainer.audit.sources import export_entries, stored_entries
from explainer.cli import main
from explainer.errors import ConflictError
from tests.integration.audit_log.acting import ENTRIES, SIGNER, grow, verified


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "audit.key"
    write_signer(made, SIGNER)
    return made


@pytest.fixture
def run(signed, folder, path, monkeypatch, tmp_path):
    """Return a function that runs ``explainer audit …`` on this log, as on the host that signs it."""
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", signed.url)
    monkeypatch.setenv("EXPLAINER_CHECKPOINTS", str(folder.folder))
    monkeypatch.setenv("EXPLAINER_AUDIT_KEY", str(path))
    return lambda *told: CliRunner().invoke(main, ["--home", str(tmp_path / "home"), "audit", *told])


def said(found):
    return re.sub(r"[│\s]+", " ", found.output)


def events(database):
    with database.session() as session:
        return [entry.event for entry in stored_entries(session)]


def test_after_a_rotation_either_key_verifies_everything_and_it_stands_in_the_log(run, signed, folder, path, tmp_path):
    key = run("key", "--rotate").stdout.strip()
    assert load_verifier(key) == load_signer(path).verifier != SIGNER.verifier
    assert events(signed)[-1] == "audit.key_rotated"
    assert run("checkpoint").exit_code == 0
    (tmp_path / "proof.json").write_text(run("prove", "7", "--size", "20").stdout)
    for with_key in ((), ("--key", key), ("--key", str(SIGNER.verifier))):
        found = run("verify", *with_key)
        assert (found.exit_code, "4 signed checkpoints fit" in found.output) == (0, True), found.output
        assert run("check-proof", str(tmp_path / "proof.json"), *with_key).exit_code == 0
    report = run("report", str(tmp_path / "report.html"))
    assert (report.exit_code, "not whole" in report.output) == (0, False), report.output
    told = run("key")
    assert told.stdout.strip() == key
    assert f"{SIGNER.verifier}, which signed up to entry {ENTRIES}" in told.stderr.replace("\n", " ")
    out = tmp_path / "log.jsonl"
    with signed.session() as session:
        out.write_bytes(b"".join(export_entries(session)))
    for each in (key, str(SIGNER.verifier)):
        assert verify_alone.main([str(out), str(folder.folder), each]) == 0


def test_a_second_rotation_leaves_the_first_key_good(run, signed):
    for _ in range(2):
        assert run("key", "--rotate").exit_code == 0
    assert run("checkpoint").exit_code == 0
    assert run("verify", "--key", str(SIGNER.verifier)).exit_code == 0
    assert run("verify").exit_code == 0
    assert events(signed).count("audit.key_rotated") == 2


def test_a_rotation_that_was_interrupted_goes_on_where_it_was(run, signed, folder, path, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(rotating, "replace", lambda *_: (_ for _ in ()).throw(OSError(16, "Device or resource busy")))
        found = run("key", "--rotate")
    assert (found.exit_code, "put the new" in said(found)) == (1, True), found.output
    (new,) = folder.trust(SIGNER.verifier).after
    assert load_signer(path) == SIGNER
    grow(signed, ENTRIES + 5)
    assert "signs no more" in said(run("checkpoint"))
    assert run("key", "--rotate").exit_code == 0
    assert load_signer(path).verifier == new, "the one that was introduced, and no third one"
    assert run("checkpoint").exit_code == 0
    assert run("verify", "--key", str(SIGNER.verifier)).exit_code == 0
    assert events(signed).count("audit.key_rotated") == 1


def test_a_rotation_that_was_interrupted_before_its_entry_is_told_of_when_it_goes_on(
    run, signed, folder, path, monkeypatch
):
    def cut(*_):
        raise ConflictError("The database is busy.")

    with monkeypatch.context() as broken:
        broken.setattr(rotating, "append", cut)
        assert run("key", "--rotate").exit_code == 1
    assert len(folder.trust(SIGNER.verifier).after) == 1
    assert "audit.key_rotated" not in events(signed)
    assert run("key", "--rotate").exit_code == 0
    assert events(signed)[-1] == "audit.key_rotated"
    assert folder.newest() == ENTRIES + 1
    for key in (load_signer(path).verifier, SIGNER.verifier):
        found = run("verify", "--key", str(key))
        assert found.exit_code == 0, found.output


def test_where_the_new_key_cannot_be_kept_nothing_is_introduced(run, folder, path, monkeypatch, tmp_path):
    longest = tmp_path / ("k" * 255)
    longest.write_text(path.read_text())
    monkeypatch.setenv("EXPLAINER_AUDIT_KEY", str(longest))
    found = run("key", "--rotate")
    assert (found.exit_code, "mounted secret" in said(found)) == (1, True), found.output
    assert list(folder.folder.glob("*.rotation")) == []
    assert longest.read_text() == path.read_text()


def test_where_checkpoints_cannot_be_written_that_is_told(run, signed, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("EXPLAINER_CHECKPOINTS", str(tmp_path / "file"))
    for told in (("checkpoint",), ("key", "--rotate")):
        found = run(*told)
        assert (found.exit_code, "cannot be written" in said(found)) == (1, True), found.output
    assert "audit.key_rotated" not in events(signed)


@pytest.mark.both
def test_of_two_hosts_that_exchange_their_key_at_once_one_does(empty, folder, tmp_path):
    paths, barrier, made, refused = [tmp_path / "one.key", tmp_path / "two.key"], threading.Barrier(2), [], []
    for path in paths:
        write_signer(path, SIGNER)
    grow(empty, 5)

    def rotate(path):
        barrier.wait()
        try:
            made.append(rotate_key(empty, folder, path))
        except VerificationError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=rotate, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 1)
    assert folder.trust(SIGNER.verifier).after == (made[0].verifier,)
    sign_head(empty, folder, made[0])
    assert verified(empty, folder, made[0].verifier).vouched == 6


def test_a_key_that_another_has_followed_makes_no_package(run, signed, path, tmp_path, monkeypatch):
    old = tmp_path / "old.key"
    old.write_text(path.read_text())
    assert run("key", "--rotate").exit_code == 0
    monkeypatch.setenv("EXPLAINER_AUDIT_KEY", str(old))
    found = run("package", str(tmp_path / "package"))
    assert (found.exit_code, "signs no more" in said(found)) == (1, True), found.output
    assert not (tmp_path / "package").exists()
    assert "signs no more" in said(run("checkpoint")), "nor is all well because there is nothing new to sign"


def test_a_process_with_the_old_key_is_troubled_though_others_sign_first(empty, tmp_path):
    folder, path = CheckpointFolder(tmp_path / "elsewhere"), tmp_path / "audit.key"
    write_signer(path, SIGNER)
    grow(empty, 5)
    stale = Checkpointer(empty, folder, SIGNER, entries=1, seconds=0.01)
    stale.close()  # its thread, which would look by itself now and then
    new = rotate_key(empty, folder, path)
    grow(empty, 7)
    sign_head(empty, folder, new)
    stale._try(stale._look)
    assert "signs no more" in stale.trouble


def test_a_home_from_before_a_rotation_whose_new_key_is_lost_is_led_out(
    run, signed, folder, path, tmp_path, monkeypatch
):
    old = path.read_text()
    assert run("key", "--rotate").exit_code == 0
    path.write_text(old)
    grow(signed, ENTRIES + 5)
    anew = tmp_path / "anew"
    for where in (folder.folder, anew):
        monkeypatch.setenv("EXPLAINER_CHECKPOINTS", str(where))
        found = run("checkpoint")
        assert "set EXPLAINER_AUDIT_KEY to a file that is not there yet" in said(found), found.output
        anew.mkdir(exist_ok=True)
        for note in folder.folder.glob("*.rotation"):
            (anew / note.name).write_bytes(note.read_bytes())
    monkeypatch.setenv("EXPLAINER_AUDIT_KEY", str(tmp_path / "fresh.key"))
    assert run("key").exit_code == 0
    assert run("checkpoint").exit_code == 0
    assert run("verify").exit_code == 0


def test_a_key_that_has_nothing_to_do_with_the_last_signs_nothing(signed, folder):
    grow(signed, ENTRIES + 1)
    with pytest.raises(VerificationError, match=r"not signed by 'other'.*Give all hosts that sign one EXPLAINER_AUDIT"):
        sign_head(signed, folder, Signer.new("other"))
    with pytest.raises(VerificationError, match=r"not signed by 'shop'"):
        sign_head(signed, folder, Signer.new("shop"))
    assert folder.newest() == ENTRIES
    sign_head(signed, folder, SIGNER)
    assert verified(signed, folder).vouched == ENTRIES + 1


@pytest.mark.both
def test_whoever_signs_while_the_key_is_exchanged_signs_nothing_that_is_refused(empty, tmp_path):
    """The old key may sign up to the size in the rotation; entries and checkpoints go on being written meanwhile."""
    folder, path, ended = CheckpointFolder(tmp_path / "elsewhere"), tmp_path / "audit.key", threading.Event()
    write_signer(path, SIGNER)
    signing = [Checkpointer(empty, folder, SIGNER, entries=1, seconds=0.001) for _ in range(2)]

    def write():
        size = 0
        while not ended.is_set():
            size += 1
            grow(empty, size)

    writer = threading.Thread(target=write)
    writer.start()
    while folder.newest() < 5:
        assert writer.is_alive()
    new = rotate_key(empty, folder, path)
    while not all("signs no more" in one.trouble for one in signing):
        assert writer.is_alive()
    ended.set()
    writer.join()
    for one in signing:
        one.close()
    sign_head(empty, folder, new)
    for key in (SIGNER.verifier, new.verifier):
        assert verified(empty, folder, key).vouched == folder.newest()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (("verify",), "This machine has no key of its own"),
        (("check-proof", "-"), "This machine has no key of its own"),
        (("report", "out.html"), "There is no key"),
        (("package", "out"), "There is no key"),
        (("checkpoint",), "There is no key"),
    ],
)
def test_a_command_that_finds_no_key_makes_none(run, path, tmp_path, monkeypatch, told, words):
    path.unlink()
    monkeypatch.chdir(tmp_path)
    found = run(*told)
    assert (found.exit_code != 0, words in said(found)) == (True, True), found.output
    assert not path.exists()
    assert "begin another: set EXPLAINER_CHECKPOINTS" in said(run("key")), "nor is one made beside checkpoints"
