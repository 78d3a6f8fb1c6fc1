"""Folders for what is only there while it is made: nobody else may read them, and they outlive nobody who made them.

A process that is killed cannot remove its own. So each folder is locked while somebody works in it: the operating
system lets go of a dead process' lock, and whoever starts next finds it free and removes the folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

_LOCK = ".lock"


class ScratchFolder:
    """A locked folder that goes at the end of a ``with`` block, or when nobody has it any more.

    Args:
        parent: Where it is made; only the process' own user may look inside.
        kind: How its name begins.

    Attributes:
        path: The folder.
    """

    def __init__(self, parent: Path, kind: str) -> None:
        parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        with _locked(parent):
            self.path = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=parent))  # with mode 0700
            held = os.open(self.path / _LOCK, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            fcntl.flock(held, fcntl.LOCK_EX)
        self._end = weakref.finalize(self, _remove, self.path, held)

    def close(self) -> None:
        """Remove it, with all that is in it."""
        self._end()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove it."""
        self.close()


def sweep(parent: Path) -> int:
    """Remove the folders of processes that are gone, and return how many these were."""
    if not parent.is_dir():
        return 0
    with _locked(parent):
        left = [path for path in parent.iterdir() if path.is_dir() and not _is_held(path)]
        for path in left:
            shutil.rmtree(path, ignore_errors=True)
    return len(left)


@contextmanager
def _locked(parent: Path) -> Iterator[None]:
    """Keep others from making and removing folders: one that is new is not locked yet."""
    # A link that somebody put there would have us make, or empty, a file of theirs to choose.
    lock = os.open(parent / _LOCK, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _is_held(path: Path) -> bool:
    try:
        lock = os.open(path / _LOCK, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _remove(path: Path, held: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(held)
