"""The end of a process that serves: it says so first, and takes no more only when whoever spreads requests has seen it.

From SIGTERM on readiness is refused, every answer closes its connection, and streams end, so that clients come again
elsewhere. After a while nothing is accepted any more, and what is under way is answered.
"""

from __future__ import annotations

import signal
import time
from types import FrameType

import uvicorn
from litestar.types import Message, Scope

_CLOSE = (b"connection", b"close")


class Draining:
    """Whether the process is about to stop.

    Attributes:
        begun: It is.
    """

    def __init__(self) -> None:
        self.begun = False

    async def say(self, message: Message, _: Scope) -> None:
        """Close the connection with its next answer, as Litestar's ``before_send`` hook."""
        if self.begun and message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], _CLOSE]


class DrainingServer(uvicorn.Server):
    """A server that goes on for a while when it is told to stop.

    Args:
        config: As of any server.
        draining: Is told when the end begins,
        drain_s: and this long before the end itself. Ctrl-C, and a second signal, end it at once.
    """

    def __init__(self, config: uvicorn.Config, draining: Draining, drain_s: float) -> None:
        super().__init__(config)
        self._draining, self._drain_s = draining, drain_s
        self._ends_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the end."""
        waits = sig == signal.SIGTERM and not self._draining.begun and self._drain_s > 0
        self._draining.begun = True
        if waits:
            self._captured_signals.append(sig)
            self._ends_at = time.monotonic() + self._drain_s
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Return whether it is time to end."""
        if self._ends_at is not None and time.monotonic() >= self._ends_at:
            return True
        return await super().on_tick(counter)
