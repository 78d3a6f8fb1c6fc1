"""Connections that one process accepts and others answer.

Processes that accept from one socket take whatever comes while they are awake: one may have nine of ten connections,
and its clients wait for each other while the next process sleeps. So one accepts for all and hands every connection on,
in turn (``SCM_RIGHTS``, unix(7)).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

import uvicorn

from explainer.server.draining import Draining, DrainingServer

_READY = b"r"
_CONNECTION = b"c"
_AT_ONCE = 16


def channel() -> tuple[socket.socket, socket.socket]:
    """Return the two ends that connections are handed through: of whoever accepts, and of whoever answers."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)


def hand(end: socket.socket, connection: socket.socket) -> None:
    """Hand a connection on; it is the other process' from here.

    Raises:
        OSError: If that process has ended, or takes none at present.
    """
    socket.send_fds(end, [_CONNECTION], [connection.fileno()], socket.MSG_DONTWAIT)


def is_ready(end: socket.socket) -> bool:
    """Return whether the other process has just said that it answers; False if it has ended instead."""
    try:
        return end.recv(1) == _READY
    except OSError:
        return False


class HandedServer(DrainingServer):
    """A server that listens nowhere: its connections are handed to it, until whoever hands them is gone.

    Args:
        config: As of any server.
        draining: Is told when the end begins,
        drain_s: and this long before the end itself.
        end: Its end of the channel.
    """

    def __init__(self, config: uvicorn.Config, draining: Draining, drain_s: float, end: socket.socket) -> None:
        super().__init__(config, draining, drain_s)
        self._end = end
        self._taking: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002  it has none
        """Start the app, say so, and take what comes."""
        await super().startup(sockets=[])
        self._end.settimeout(0)
        asyncio.get_running_loop().add_reader(self._end, self._take)
        self._end.send(_READY)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more, answer those who are here, and end."""
        asyncio.get_running_loop().remove_reader(self._end)
        self._end.close()
        await super().shutdown(sockets)

    def _take(self) -> None:
        try:
            told, descriptors, *_ = socket.recv_fds(self._end, _AT_ONCE, _AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            told, descriptors = b"", []
        for descriptor in descriptors:
            task = asyncio.get_running_loop().create_task(self._answer(socket.socket(fileno=descriptor)))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)
        if not told:
            self.should_exit = True
            asyncio.get_running_loop().remove_reader(self._end)

    async def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        except OSError:  # the client has gone already
            connection.close()

    def _protocol(self) -> asyncio.Protocol:
        make = cast("Callable[..., asyncio.Protocol]", self.config.http_protocol_class)
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
