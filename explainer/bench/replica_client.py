"""What trials of replicas share: how hard they are tried, how one is started, and who asks them.

Clients do as clients behind a load balancer do: they ask one replica, and the other when the connection breaks or is
refused. Every request has an idempotency key, so asking again is safe.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import msgspec

from explainer.bench.client import Answer, Connection, request
from explainer.bench.engine_down import Home
from explainer.bench.served import serving

REPLICAS = 2
# What a replica had taken when the database went away is for others after a lease; we look longer than that.
SETTINGS = {"ENGINE": "none", "WORKERS": "1", "DRAIN_S": "1", "JOB_LEASE_S": "5"}
CREATED = 201
PAUSE_S = 0.1
TRIES = 200


@dataclass(frozen=True, slots=True)
class Trial:
    """How hard they are tried.

    Attributes:
        clients: Clients at once.
        away_s: Seconds that the database is away.
        before_s: Seconds of load before anything happens, and after all is well again.
    """

    clients: int = 8
    away_s: float = 10.0
    before_s: float = 2.0


async def begin(home: Home, settings: dict[str, str], stack: AsyncExitStack, port: int) -> None:
    """Start a replica on a port; it ends with the stack."""
    await stack.enter_async_context(serving(home.folder, settings, home.log, port))


class Client:
    """Asks one replica, and the other when the connection breaks.

    Args:
        ports: Of the replicas.
        first: Which of them it asks first.

    Attributes:
        broken: Connections that broke or were refused.
    """

    def __init__(self, ports: Sequence[int], first: int) -> None:
        self._ports = itertools.cycle([*ports[first % len(ports) :], *ports[: first % len(ports)]])
        self._connection: Connection | None = None
        self.broken = 0

    async def ask(self, raw: bytes) -> Answer:
        """Return the answer; that of nobody (status 0) if no replica can be reached for long."""
        answer = Answer(0, b"", b"", 0.0)
        for _ in range(TRIES):
            try:
                if self._connection is None:
                    self._connection = await Connection.open(next(self._ports))
                answer = await self._connection.ask(raw)
            except OSError:
                answer = Answer(0, b"", b"", 0.0)
            if answer.status:
                if b"\nconnection: close" in answer.head:
                    self.close()
                return answer
            self.broken += 1
            self.close()
            await asyncio.sleep(PAUSE_S)
        return answer

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def asking(home: Home, trial: str, number: int) -> bytes:
    """Return the nth request of a trial, under a key of its own."""
    user = home.users[number % len(home.users)]
    headers = {"X-API-Key": home.key, "Idempotency-Key": f"{trial} {number}"}
    return request("POST", "/v1/explanations", headers, msgspec.json.encode({"user": user, "k": 1}))
