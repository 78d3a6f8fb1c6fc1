"""Replicas whose database goes away for a while: what was told must be there afterwards, and only that."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import AsyncExitStack

import msgspec
from sqlalchemy import func, select

from explainer.bench.engine_down import Home
from explainer.bench.errors import BenchError
from explainer.bench.proxy import way_to
from explainer.bench.replica_client import (
    CREATED,
    PAUSE_S,
    REPLICAS,
    SETTINGS,
    TRIES,
    Client,
    Trial,
    asking,
    begin,
)
from explainer.bench.served import free_port
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.job_tables import JobRow

_COME_BACK = 503
_RECOVERY_S = 120.0


class Outage(msgspec.Struct):
    """What came of a database that went away.

    Attributes:
        requests: How many were asked.
        acknowledged: Explanations that clients were told of.
        lost: Of these, how many are not in the database.
        twice: Explanations in the database that nobody was told of: made twice for one request.
        later: Answers that said when to come back.
        unexpected: Answers that were neither explanations nor said when to come back.
        recovered_s: Seconds from the moment it was back to the first answer with explanations.
        jobs_left: Jobs that nobody had done a while after all was well again.
    """

    requests: int = 0
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    later: int = 0
    unexpected: int = 0
    recovered_s: float = 0.0
    jobs_left: int = 0


class _Explanation(msgspec.Struct):
    id: str


class _Explanations(msgspec.Struct):
    explanations: list[_Explanation]


async def outage(home: Home, trial: Trial | None = None) -> Outage:
    """Take the database away from two replicas for a while, and look whether anything was lost.

    Raises:
        BenchError: If they do not recover by themselves.
    """
    trial, found = trial or Trial(), Outage()
    told: set[str] = set()
    before = _stored(home.url)
    async with way_to(home.url) as (way, url), AsyncExitStack() as stack:
        settings = SETTINGS | {"DATABASE_URL": url}
        ports = [free_port() for _ in range(REPLICAS)]
        # One after the other: a stack is not for two at once.
        for port in ports:
            await begin(home, settings, stack, port)
        try:
            async with asyncio.TaskGroup() as clients:
                ended, back, numbers = asyncio.Event(), _Back(), itertools.count()
                for first in range(trial.clients):
                    clients.create_task(_persist(home, Client(ports, first), numbers, ended, found, told, back))
                await asyncio.sleep(trial.before_s)
                way.cut()
                await asyncio.sleep(trial.away_s)
                await way.mend()
                back.at = time.perf_counter()
                await back.noticed()
                await asyncio.sleep(trial.before_s)
                ended.set()
        except ExceptionGroup as errors:
            ours, others = errors.split(BenchError)
            if ours is None or others is not None:
                raise
            # What is amiss, and not that it happened in a group. Whatever else comes is a mistake of ours.
            raise BenchError("; ".join(map(str, ours.exceptions))) from errors
        found.jobs_left = await _left(home.url)
    after = _stored(home.url)
    found.acknowledged, found.lost = len(told), len(told - after)
    found.twice, found.recovered_s = len(after - before - told), back.seconds
    return found


class _Back:
    """When the database came back, and when anybody noticed."""

    def __init__(self) -> None:
        self.at: float | None = None
        self.seconds = 0.0
        self.seen = asyncio.Event()

    async def noticed(self) -> None:
        """Wait until anybody has.

        Raises:
            BenchError: If nobody does: it does not recover by itself.
        """
        try:
            async with asyncio.timeout(_RECOVERY_S):
                await self.seen.wait()
        except TimeoutError:
            raise BenchError(f"No replica used the database again within {_RECOVERY_S:g} s.") from None

    def note(self) -> None:
        if self.at is not None and not self.seen.is_set():
            self.seconds = time.perf_counter() - self.at
            self.seen.set()


async def _persist(
    home: Home,
    client: Client,
    numbers: itertools.count[int],
    ended: asyncio.Event,
    found: Outage,
    told: set[str],
    back: _Back,
) -> None:
    """Ask until the end, each thing until it is answered."""
    while not ended.is_set():
        raw = asking(home, "outage", next(numbers))
        found.requests += 1
        while (answer := await client.ask(raw)).status != CREATED:
            comes_back = answer.status == _COME_BACK and b"\nretry-after:" in answer.head
            found.later += comes_back
            found.unexpected += not comes_back
            await asyncio.sleep(PAUSE_S)
        told |= {one.id for one in msgspec.json.decode(answer.body, type=_Explanations).explanations}
        back.note()
    client.close()


async def _left(url: str) -> int:
    """Wait until all jobs are done, for a while; return how many are not."""
    database, left = Database(url), 0
    for _ in range(TRIES):
        with database.session() as session:
            left = session.scalar(select(func.count()).select_from(JobRow)) or 0
        if not left:
            break
        await asyncio.sleep(PAUSE_S)
    database.engine.dispose()
    return left


def _stored(url: str) -> set[str]:
    database = Database(url)
    with database.session() as session:
        found = set(session.scalars(select(ExplanationRow.id)))
    database.engine.dispose()
    return found
