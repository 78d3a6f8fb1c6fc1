"""What keeps a log from being signed is told, whatever it is, and it is signed again once that is mended."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from litestar.testing import TestClient

from explainer.audit import checkpointer as module
from explainer.audit import files
from explainer.audit.checkpointer import Checkpointer, sign_head
from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.files import write_once
from explainer.audit.proofs import prove_inclusion
from explainer.errors import ExplainerError
from explainer.server.app import create_app
from explainer.server.parts import Parts
from tests.integration.audit_log.acting import ENTRIES, SIGNER, grow, verified


@pytest.fixture
def signing(signed, folder):
    made = Checkpointer(signed, folder, SIGNER, entries=1, seconds=0.01)
    yield made
    made.close()


def wait_until(signing, is_so):
    while not is_so():
        assert signing._thread.is_alive()


@pytest.mark.parametrize(
    "error", [PermissionError(errno.EACCES, "denied"), OSError(errno.EIO, "broken"), KeyError("x")]
)
def test_a_folder_that_cannot_be_read_is_no_empty_one_and_ends_no_thread(signed, folder, signing, monkeypatch, error):
    def unreadable(path):
        if Path(path) == folder.folder:
            raise error
        return scandir(path)

    scandir = os.scandir
    with monkeypatch.context() as broken:
        broken.setattr(os, "scandir", unreadable)
        grow(signed, ENTRIES + 1)
        wait_until(signing, lambda: signing.failures > 2)
        assert signing.trouble
    wait_until(signing, lambda: not signing.trouble)
    wait_until(signing, lambda: folder.newest() == ENTRIES + 1)
    assert verified(signed, folder).vouched == ENTRIES + 1


def test_a_volume_that_is_gone_begins_no_second_chain(signed, folder, signing):
    """What is below the mount is an empty folder."""
    wait_until(signing, lambda: signing._signed == ENTRIES)
    folder.folder.rename(folder.folder.with_name("unmounted"))
    folder.folder.mkdir()
    grow(signed, ENTRIES + 1)
    wait_until(signing, lambda: signing.failures)
    assert "are gone: see that the volume is mounted" in signing.trouble
    assert list(folder.folder.glob("*.checkpoint")) == []
    folder.folder.rmdir()
    folder.folder.with_name("unmounted").rename(folder.folder)
    wait_until(signing, lambda: not signing.trouble)
    assert verified(signed, folder).vouched == ENTRIES + 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_health_says_when_nobody_signs_any_more(explainer, database, folder, monkeypatch):
    def dies(_):
        raise SystemExit

    monkeypatch.setattr(Checkpointer, "_look", dies)
    signing = Checkpointer(database, folder, SIGNER, entries=1, seconds=0.01)
    signing._thread.join()
    with TestClient(create_app(explainer, queue=2, parts=Parts(checkpointer=signing))) as client:
        ready = client.get("/health/ready").json()
    assert ready["status"] == "degraded"
    assert any("audit log is not signed" in one for one in ready["reasons"])


def test_what_a_checkpoint_vouches_for_outlives_a_power_cut(empty, folder, monkeypatch):
    """SQLite's journal is synced before there is a checkpoint; one that cannot be is not signed."""
    grow(empty, 5)
    journal = Path(f"{empty.engine.url.database}-wal").stat().st_ino
    there = []

    def sync(descriptor):
        if os.fstat(descriptor).st_ino == journal:
            there.append(folder.sizes())
        fsync(descriptor)

    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", sync)
    sign_head(empty, folder, SIGNER)
    assert (there, folder.sizes()) == ([[]], [5])
    grow(empty, 6)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "broken")))
    with pytest.raises(ExplainerError, match="broken"):
        sign_head(empty, folder, SIGNER)
    assert folder.sizes() == [5]


def test_a_log_that_is_shorter_than_what_was_signed_says_where_and_what_to_do(empty, folder):
    folder.add(Checkpoint("shop", 9, bytes(32)), SIGNER)
    grow(empty, 4)
    with pytest.raises(
        VerificationError, match=r"Entries 5 to 9 are lost.*begin another: set EXPLAINER_CHECKPOINTS"
    ) as it:
        sign_head(empty, folder, SIGNER)
    assert str(folder.folder) in str(it.value)


def test_a_clock_that_goes_back_changes_nothing(signed, folder, monkeypatch):
    class Earlier(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2001, 1, 1, tzinfo=tz) + timedelta(hours=1)

    monkeypatch.setattr(module, "datetime", Earlier)
    grow(signed, ENTRIES + 1)
    made = sign_head(signed, folder, SIGNER)
    assert datetime.fromisoformat(made.at) < datetime(2002, 1, 1, tzinfo=UTC)
    monkeypatch.undo()
    grow(signed, ENTRIES + 2)
    sign_head(signed, folder, SIGNER)
    assert verified(signed, folder).vouched == ENTRIES + 2


def test_a_head_that_is_signed_while_a_proof_is_made_refuses_none(signed, folder, monkeypatch):
    """The session does not see the entries that it is about."""
    newest = iter([ENTRIES, ENTRIES + 5])
    monkeypatch.setattr(folder, "newest", lambda: next(newest))
    with signed.session() as session:
        assert prove_inclusion(session, folder, 7).tree_size == ENTRIES


def refused(*_, **__):
    raise OSError(errno.EPERM, "not here")


@pytest.mark.parametrize("lacks", [["link"], ["link", "rename"], ["unlink"], ["link", "rename", "unlink"]])
def test_folders_that_can_do_less_get_their_checkpoints(signed, tmp_path, monkeypatch, lacks):
    """Some know no links, no new names or no taking away: mounted buckets, and folders where one can only add."""
    folder = CheckpointFolder(tmp_path / "bucket")
    with monkeypatch.context() as poorer:
        for name in lacks:
            poorer.setattr(*((os, "link") if name == "link" else (files.Path, name)), refused)
        sign_head(signed, folder, SIGNER)
        grow(signed, ENTRIES + 1)
        sign_head(signed, folder, SIGNER)
        write_once(folder.folder / "here", "first")
        write_once(folder.folder / "here", "second")
    assert (folder.folder / "here").read_text() == "first"
    assert verified(signed, folder).checkpoints == 2
    assert bool(list(folder.folder.glob("*.new"))) is ("unlink" in lacks)
