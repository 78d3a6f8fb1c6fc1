"""Language model servers that fail in the ways that servers do; each runs in the loop of whoever measures."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_SENTENCE = "You gave {b1} {b1.value}, and {item} is a drama too."
_Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def stalled_pool() -> AsyncIterator[str]:
    """Yield the URL of a server that takes every request and never answers."""

    async def stall(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass

    async with _pool(stall) as url:
        yield url


@asynccontextmanager
async def slow_pool(seconds: float) -> AsyncIterator[str]:
    """Yield the URL of a server that answers every request after so many seconds."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            found = _LENGTH.search(head)
            await reader.readexactly(int(found[1]) if found else 0)
            if head.startswith(b"GET"):
                writer.write(_answer({"object": "list", "data": []}))
            else:
                await asyncio.sleep(seconds)
                message = {"role": "assistant", "content": _SENTENCE}
                writer.write(_answer({"choices": [{"index": 0, "message": message}]}))
            await writer.drain()

    async with _pool(answer) as url:
        yield url


@asynccontextmanager
async def _pool(handler: _Handler) -> AsyncIterator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(task := asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):  # cancelled at the end
            await handler(reader, writer)
        writer.close()
        tasks.discard(task)

    tasks: set[asyncio.Task[None] | None] = set()
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        for task in tasks:
            if task is not None:
                task.cancel()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def _answer(body: object) -> bytes:
    raw = msgspec.json.encode(body)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    return head.encode() + raw
