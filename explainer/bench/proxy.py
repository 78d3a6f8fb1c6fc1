"""A way to a database that can be cut: connections break and new ones are refused until it is mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from sqlalchemy import make_url

_PIECE = 65536
_PORT = 5432


class Way:
    """See the module.

    Args:
        there: Opens a connection to the database server.
    """

    def __init__(self, there: Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]) -> None:
        self._there = there
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def mend(self) -> None:
        """Let connections through, on the same port as before."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Break all connections and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for end in list(self._ends):
            end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await self._there()
        except OSError:
            writer.close()
            return
        self._ends |= {writer, back}
        await asyncio.gather(_carry(reader, back), _carry(there, writer))
        self._ends -= {writer, back}


@asynccontextmanager
async def way_to(url: str) -> AsyncIterator[tuple[Way, str]]:
    """Yield a way to a database and the URL by which it is reached on that way.

    Args:
        url: Of a PostgreSQL.
    """
    plain = make_url(url)
    if "unix_sock" in plain.query:
        way = Way(partial(asyncio.open_unix_connection, str(plain.query["unix_sock"])))
    else:
        way = Way(partial(asyncio.open_connection, plain.host, plain.port or _PORT))
    await way.mend()
    told = plain.set(host="127.0.0.1", port=way.port, query={})
    try:
        yield way, told.render_as_string(hide_password=False)
    finally:
        way.cut()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()
