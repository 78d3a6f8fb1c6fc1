"""An HTTP/1.1 client that costs next to nothing, so that what is measured is the server.

Client and server share the cores. A general client spends more on a request than the service does; this one sends bytes
that were made beforehand, over connections that stay open, and looks at no more of an answer than it needs.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Self, cast

from explainer.bench.errors import BenchError

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"\ncontent-length:"
_STATUS = slice(9, 12)  # HTTP/1.1 200 OK


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status; 0 where the connection broke before there was one.
        head: Status line and headers, lower case.
        body: The body.
        seconds: From the first byte sent to the last one read.
    """

    status: int
    head: bytes
    body: bytes
    seconds: float


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return a whole request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("ascii") + _END_OF_HEAD + body


class Connection(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._body_at = 0
        self._whole = 0
        self._answered: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect to a server on this machine.

        Raises:
            OSError: If nobody listens there.
        """
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    async def ask(self, raw: bytes) -> Answer:
        """Send a request and return its answer; status 0 if the server closed the connection instead.

        Raises:
            BenchError: If the answer does not say how long it is.
        """
        if self._transport is None or self._transport.is_closing():
            return Answer(0, b"", b"", 0.0)
        self._buffer.clear()
        self._body_at = self._whole = 0
        self._answered = asyncio.get_running_loop().create_future()
        begun = time.perf_counter()
        self._transport.write(raw)
        await self._answered
        seconds = time.perf_counter() - begun
        if not self._whole:
            return Answer(0, b"", b"", seconds)
        head = bytes(self._buffer[: self._body_at]).lower()
        return Answer(int(head[_STATUS]), head, bytes(self._buffer[self._body_at : self._whole]), seconds)

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Wake whoever asked once the answer is whole."""
        self._buffer += data
        if not self._whole:
            end = self._buffer.find(_END_OF_HEAD)
            if end < 0:
                return
            self._body_at = end + len(_END_OF_HEAD)
            length = _length(bytes(self._buffer[:end]).lower())
            if length is None:
                self._refuse("The server answered without Content-Length, which this client does not read.")
                return
            self._whole = self._body_at + length
        if len(self._buffer) >= self._whole:
            self._wake()

    def connection_lost(self, _: Exception | None) -> None:
        """Wake whoever asked: there will be no answer."""
        if len(self._buffer) < self._whole:
            self._whole = 0
        self._wake()

    def _refuse(self, why: str) -> None:
        """Raise where it is heard: in whoever asked, not in the loop."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(BenchError(why))
        self.close()

    def _wake(self) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)


def _length(head: bytes) -> int | None:
    at = head.find(_LENGTH)
    if at < 0:
        return 0 if head[_STATUS] in {b"204", b"304"} else None
    return int(head[at + len(_LENGTH) :].split(b"\r", 1)[0])
