"""Writers of one SQLite file, in whatever process, take turns.

SQLite lets one write at a time and has the others look again after ever longer pauses: under load the last one to come
waits many times longer than the writing takes. Here they look again every millisecond, before they ask SQLite. Nothing
depends on it: who has waited a second, or cannot queue, waits as SQLite has them wait.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

_LOOK_EVERY_S, _LONGEST_S = 0.001, 1.0


@contextlib.contextmanager
def turn(file: Path, longest_s: float = _LONGEST_S, look_every_s: float = _LOOK_EVERY_S) -> Iterator[None]:
    """Hold the turn for the block, if it comes soon.

    Args:
        file: What is queued for; made if need be, and empty.
        longest_s: Seconds after which it is done without.
        look_every_s: Seconds between two looks whether it has come.
    """
    # Opened anew each time: it is the open file that holds the turn (flock(2)), so threads of one process queue, too.
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        _wait(descriptor, longest_s, look_every_s)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, longest_s: float, look_every_s: float) -> None:
    until = time.monotonic() + longest_s
    while time.monotonic() < until:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(look_every_s)
        except OSError:
            return  # no such thing on this file system
        else:
            return
