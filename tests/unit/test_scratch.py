"""Folders of the moment: for nobody else to read, gone with whoever made them, even if that was killed."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys

import pytest

from explainer.scratch import ScratchFolder, sweep

WORKS = """
import pathlib, sys, time
from explainer.scratch import ScratchFolder
folder = ScratchFolder(pathlib.Path(sys.argv[1]), "package")
(folder.path / "personal.jsonl").write_text("canary")
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def worker(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", WORKS, tmp_path / "scratch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline().strip().startswith(str(tmp_path / "scratch" / "package-"))
        yield process


def left(tmp_path):
    return [path for path in (tmp_path / "scratch").iterdir() if path.is_dir()]


def test_nobody_else_can_look_inside(tmp_path):
    with ScratchFolder(tmp_path / "scratch", "package") as folder:
        for path in (folder.path, folder.path.parent):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_it_goes_when_nobody_has_it_any_more(tmp_path):
    with ScratchFolder(tmp_path / "scratch", "package"):
        assert left(tmp_path)
    assert left(tmp_path) == []
    folder = ScratchFolder(tmp_path / "scratch", "package")
    del folder
    assert left(tmp_path) == []


def test_what_somebody_works_in_is_not_swept_and_what_a_killed_one_left_is(tmp_path, worker):
    assert sweep(tmp_path / "scratch") == 0
    (found,) = left(tmp_path)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert (found / "personal.jsonl").read_text() == "canary"
    assert sweep(tmp_path / "scratch") == 1
    assert left(tmp_path) == []


def test_nothing_is_made_by_sweeping_where_nothing_was(tmp_path):
    assert sweep(tmp_path / "scratch") == 0
    assert not (tmp_path / "scratch").exists()


def test_a_link_where_the_lock_should_be_is_not_followed(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.write_text("kept")
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / ".lock").symlink_to(theirs)
    with pytest.raises(OSError, match="symbolic"):
        ScratchFolder(tmp_path / "scratch", "package")
    assert theirs.read_text() == "kept"
