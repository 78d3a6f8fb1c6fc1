"""Replicas that are restarted one after the other while clients ask."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import AsyncExitStack

import msgspec

from explainer.bench.engine_down import Home
from explainer.bench.replica_client import CREATED, REPLICAS, SETTINGS, Client, Trial, asking, begin
from explainer.bench.served import free_port


class Rolling(msgspec.Struct):
    """What came of restarting replicas under load.

    Attributes:
        requests: How many were asked.
        failed: How many were answered otherwise than with explanations, or by nobody.
        retried: Connections that broke or were refused, after which the client asked again.
    """

    requests: int = 0
    failed: int = 0
    retried: int = 0


async def rolling(home: Home, trial: Trial | None = None) -> Rolling:
    """Restart two replicas, one after the other, while clients ask."""
    trial, found = trial or Trial(), Rolling()
    ports = [free_port() for _ in range(REPLICAS)]
    settings = SETTINGS | {"DATABASE_URL": home.url}
    async with AsyncExitStack() as outer:
        stacks = [await outer.enter_async_context(AsyncExitStack()) for _ in ports]
        await asyncio.gather(*(begin(home, settings, *one) for one in zip(stacks, ports, strict=True)))
        async with asyncio.TaskGroup() as clients:
            ended = asyncio.Event()
            numbers = itertools.count()
            for first in range(trial.clients):
                clients.create_task(_roll(home, ports, first, numbers, ended, found))
            await asyncio.sleep(trial.before_s)
            for stack, port in zip(stacks, ports, strict=True):
                await stack.aclose()
                await begin(home, settings, stack, port)
            await asyncio.sleep(trial.before_s)
            ended.set()
    return found


async def _roll(
    home: Home, ports: Sequence[int], first: int, numbers: itertools.count[int], ended: asyncio.Event, found: Rolling
) -> None:
    client = Client(ports, first)
    while not ended.is_set():
        raw = asking(home, "rolling", next(numbers))
        found.requests += 1
        answer = await client.ask(raw)
        found.failed += answer.status != CREATED
    found.retried += client.broken
    client.close()
