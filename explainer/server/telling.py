"""Signals, heard by a thread of its own.

A handler runs in the main thread between two of its steps, perhaps while that holds the very lock that the handler
would wait for. So the handler does nothing: Python writes each signal's number to a socket, and a thread reads there.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_STOPPING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_to_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Have SIGTERM and Ctrl-C call something during the block; from the main thread only.

    Args:
        stop: Called in another thread, once for every signal.
    """
    here, there = socket.socketpair()
    there.settimeout(0)
    thread = threading.Thread(target=_listen, args=(here, stop), name="signals", daemon=True)
    thread.start()
    written = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    before = {sent: signal.signal(sent, _heard) for sent in _STOPPING}
    try:
        yield
    finally:
        for sent, handler in before.items():
            signal.signal(sent, handler)
        signal.set_wakeup_fd(written)
        there.close()
        thread.join()
        here.close()


def _listen(here: socket.socket, stop: Callable[[], None]) -> None:
    while numbers := here.recv(16):
        for number in numbers:
            if number in _STOPPING:
                stop()


def _heard(_: int, __: FrameType | None) -> None:
    """Do nothing; without a handler the signal would end the process."""
