"""Writers of one SQLite file, in whatever process, take turns.

SQLite lets one write at a time and has the others look again after ever longer pauses: under load the last one to come
waits many times longer than the writing takes. Here they stand in a queue that the kernel keeps (flock(2)). Nothing
depends on it: who does not queue waits as SQLite has them wait.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such queue
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def turn(file: Path) -> Iterator[None]:
    """Hold the turn for the block.

    Args:
        file: What is queued for; made if need be, and empty.

    Raises:
        OSError: If it cannot be opened.
    """
    if fcntl is None:
        yield
        return
    # Opened anew each time: it is the open file that holds the turn, so threads of one process queue, too.
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
