"""Two replicas of a service on one database: restarted one after the other under load, and left without the database.

Clients do as clients behind a load balancer do: they ask one replica, and the other when the connection breaks or is
refused; told to come back, they do. Every request has an idempotency key, so asking again is safe.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import func, select

from explainer.bench.client import Answer, Connection, request
from explainer.bench.engine_down import Home
from explainer.bench.home import OWN, copy_catalogue, key_for, make_home, users_of
from explainer.bench.postgres import own_postgresql
from explainer.bench.proxy import way_to
from explainer.bench.served import free_port, serving
from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.storage.job_tables import JobRow
from explainer.storage.tables import ExplanationRow

_CREATED, _COME_BACK = 201, 503
_USERS = 100
_REPLICAS = 2
_TRIES = 200
_PAUSE_S = 0.1
_SETTINGS = {"ENGINE": "none", "WORKERS": "1", "DRAIN_S": "1"}


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


class Replicas(msgspec.Struct):
    """All of it."""

    rolling: Rolling
    outage: Outage


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


class _Explanation(msgspec.Struct):
    id: str


class _Explanations(msgspec.Struct):
    explanations: list[_Explanation]


def measure(say: Callable[[str], None], trial: Trial | None = None) -> Replicas:
    """Try two replicas on a home and a PostgreSQL that are gone afterwards.

    Args:
        say: Is told what is being done.
        trial: How hard.

    Raises:
        MissingLibraryError: If there is no PostgreSQL to start.
    """
    with tempfile.TemporaryDirectory(prefix="explainer-replicas-") as scratch, own_postgresql() as url:
        settings = Settings(home=Path(scratch) / "home", database_url=None)
        say("Fitting a recommender")
        make_home(settings, OWN)
        database = Database(url)
        copy_catalogue(Database(settings.url), database)
        log = Path(scratch) / "servers.log"
        home = Home(settings.home, url, key_for(database), users_of(database, _USERS), log)
        say("Restarting replicas under load")
        rolled = asyncio.run(rolling(home, trial))
        say("Taking the database away")
        away = asyncio.run(outage(home, trial))
        database.engine.dispose()
    return Replicas(rolled, away)


async def rolling(home: Home, trial: Trial | None = None) -> Rolling:
    """Restart two replicas, one after the other, while clients ask."""
    trial, found = trial or Trial(), Rolling()
    ports = [free_port() for _ in range(_REPLICAS)]
    settings = _SETTINGS | {"DATABASE_URL": home.url}
    async with AsyncExitStack() as outer:
        stacks = [await outer.enter_async_context(AsyncExitStack()) for _ in ports]
        await asyncio.gather(*(_begin(home, settings, *one) for one in zip(stacks, ports, strict=True)))
        async with asyncio.TaskGroup() as clients:
            ended = asyncio.Event()
            numbers = itertools.count()
            for first in range(trial.clients):
                clients.create_task(_roll(home, ports, first, numbers, ended, found))
            await asyncio.sleep(trial.before_s)
            for stack, port in zip(stacks, ports, strict=True):
                await stack.aclose()
                await _begin(home, settings, stack, port)
            await asyncio.sleep(trial.before_s)
            ended.set()
    return found


async def _begin(home: Home, settings: dict[str, str], stack: AsyncExitStack, port: int) -> None:
    """Start a replica on a port; it ends with the stack."""
    await stack.enter_async_context(serving(home.folder, settings, home.log, port))


async def _roll(
    home: Home, ports: Sequence[int], first: int, numbers: itertools.count[int], ended: asyncio.Event, found: Rolling
) -> None:
    client = _Client(ports, first)
    while not ended.is_set():
        raw = _asking(home, "rolling", next(numbers))
        found.requests += 1
        answer = await client.ask(raw)
        found.failed += answer.status != _CREATED
    found.retried += client.broken
    client.close()


async def outage(home: Home, trial: Trial | None = None) -> Outage:
    """Take the database away from two replicas for a while, and look whether anything was lost."""
    trial, found = trial or Trial(), Outage()
    told: set[str] = set()
    before = _stored(home.url)
    async with way_to(home.url) as (way, url), AsyncExitStack() as stack:
        settings = _SETTINGS | {"DATABASE_URL": url}
        ports = [free_port() for _ in range(_REPLICAS)]
        # One after the other: a stack is not for two at once.
        for port in ports:
            await _begin(home, settings, stack, port)
        async with asyncio.TaskGroup() as clients:
            ended, back, numbers = asyncio.Event(), _Back(), itertools.count()
            for first in range(trial.clients):
                clients.create_task(_persist(home, _Client(ports, first), numbers, ended, found, told, back))
            await asyncio.sleep(trial.before_s)
            way.cut()
            await asyncio.sleep(trial.away_s)
            await way.mend()
            back.at = time.perf_counter()
            await back.seen.wait()
            await asyncio.sleep(trial.before_s)
            ended.set()
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

    def note(self) -> None:
        if self.at is not None and not self.seen.is_set():
            self.seconds = time.perf_counter() - self.at
            self.seen.set()


async def _persist(
    home: Home,
    client: _Client,
    numbers: itertools.count[int],
    ended: asyncio.Event,
    found: Outage,
    told: set[str],
    back: _Back,
) -> None:
    """Ask until the end, each thing until it is answered."""
    while not ended.is_set():
        raw = _asking(home, "outage", next(numbers))
        found.requests += 1
        while (answer := await client.ask(raw)).status != _CREATED:
            comes_back = answer.status == _COME_BACK and b"\nretry-after:" in answer.head
            found.later += comes_back
            found.unexpected += not comes_back
            await asyncio.sleep(_PAUSE_S)
        told |= {one.id for one in msgspec.json.decode(answer.body, type=_Explanations).explanations}
        back.note()
    client.close()


class _Client:
    """Asks one replica, and the other when the connection breaks.

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
        for _ in range(_TRIES):
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
            await asyncio.sleep(_PAUSE_S)
        return answer

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _asking(home: Home, trial: str, number: int) -> bytes:
    user = home.users[number % len(home.users)]
    headers = {"X-API-Key": home.key, "Idempotency-Key": f"{trial} {number}"}
    return request("POST", "/v1/explanations", headers, msgspec.json.encode({"user": user, "k": 1}))


async def _left(url: str) -> int:
    """Wait until all jobs are done, for a while; return how many are not."""
    database, left = Database(url), 0
    for _ in range(_TRIES):
        with database.session() as session:
            left = session.scalar(select(func.count()).select_from(JobRow)) or 0
        if not left:
            break
        await asyncio.sleep(_PAUSE_S)
    database.engine.dispose()
    return left


def _stored(url: str) -> set[str]:
    database = Database(url)
    with database.session() as session:
        found = set(session.scalars(select(ExplanationRow.id)))
    database.engine.dispose()
    return found
