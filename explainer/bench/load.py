"""Many clients at once, each asking again as soon as it was answered, and what came of it."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from explainer.bench.client import Answer, Connection

OnAnswer = Callable[[Answer], None]


@dataclass(frozen=True, slots=True)
class Load:
    """What a number of clients saw.

    Attributes:
        seconds: From the first request to the last answer.
        latencies: Seconds of every answered request, in the order of the answers.
        statuses: How many answers had each status; 0 is a connection that broke.
    """

    seconds: float
    latencies: tuple[float, ...]
    statuses: Counter[int]

    @property
    def per_s(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def quantile_ms(self, share: float) -> float:
        """Return the latency that this share of the answers stayed at or below, milliseconds (nearest rank)."""
        if not self.latencies:
            return math.nan
        ordered = sorted(self.latencies)
        return 1000 * ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median_load(runs: Sequence[Load], key: Callable[[Load], float]) -> float:
    """Return the median of a figure over several runs."""
    return statistics.median(key(run) for run in runs)


async def drive(
    port: int, requests: Sequence[bytes], clients: int, limit_s: float, on_answer: OnAnswer | None = None
) -> Load:
    """Send the requests through this many clients; stop when all are answered, or when the time is over.

    A closed loop: a client has one request under way at a time, so a slow server is asked less. With n clients the mean
    latency is n divided by the rate.

    Args:
        port: Of the server on this machine.
        requests: Whole requests, sent in order.
        clients: Connections at once.
        limit_s: Seconds after which nothing new is sent.
        on_answer: Is shown every answer.

    Raises:
        OSError: If nobody listens there.
    """
    waiting = iter(requests)
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    until = time.monotonic() + limit_s

    def keep(answer: Answer) -> None:
        latencies.append(answer.seconds)
        statuses[answer.status] += 1
        if on_answer is not None:
            on_answer(answer)

    connections = [await Connection.open(port) for _ in range(min(clients, len(requests)))]
    begun = time.perf_counter()
    await asyncio.gather(*(_client(connection, port, waiting, until, keep) for connection in connections))
    return Load(time.perf_counter() - begun, tuple(latencies), statuses)


async def _client(connection: Connection, port: int, waiting: Iterator[bytes], until: float, keep: OnAnswer) -> None:
    try:
        for raw in waiting:
            answer = await connection.ask(raw)
            keep(answer)
            if time.monotonic() >= until:
                return
            if answer.status == 0:
                connection = await Connection.open(port)
    finally:
        connection.close()
