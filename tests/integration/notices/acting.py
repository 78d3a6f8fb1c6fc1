"""Services that hear, streams that wait, and what ends their wait."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy import func, select, text

from explainer.pipeline import Explainer
from explainer.storage.notices import AWAITED, Notices
from explainer.storage.revisions import KEPT, await_upgrade, end_upgrade
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.test_upgrades import GOOD, Held, post, service

LONGEST_S = 30.0


def explainer_of(database, model):
    return Explainer(database, model, Writer(PromptLibrary(), load_vocabulary))


def until(holds):
    """Wait for what a server does, of which no event tells."""
    end = time.monotonic() + LONGEST_S
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def ears(database):
    """Return the processes of the server that have somebody of ours listen."""
    query = text(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'explainer: notices' "
        "AND datname = current_database() AND query LIKE 'LISTEN%'"
    )
    with database.look() as connection:
        return set(connection.scalars(query))


def cut_off(database):
    with database.session() as session:
        for pid in ears(database):
            session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


def say(database, word):
    with database.session() as session:
        session.execute(select(func.pg_notify(AWAITED, word)))


@contextmanager
def serving(explainer):
    """Yield a client of a service that betters nothing, and what makes an explanation that waits."""
    numbers = iter(range(1, 100))
    with service(explainer, Held(GOOD), kinds=()) as client:
        until(lambda: ears(explainer.database))

        def made(user=None):
            (one,) = post(client, {"user": user or f"u{next(numbers)}", "k": 1})
            assert one["pending"]
            return one["id"]

        yield client, made


def ended(database, one, state=KEPT):
    with database.session() as session:
        end_upgrade(session, one, state, "a test")


def waiting(client):
    awaited = client.app.dependencies["awaited"].dependency()
    return sum(map(len, awaited._streams.values()))


@asynccontextmanager
async def hearing(url):
    """Hear for the block; yield what was said so far."""
    said, resumed = [], asyncio.Event()
    ear = Notices(url, AWAITED, said.append, resumed.set)
    task = asyncio.create_task(ear.run())
    try:
        async with asyncio.timeout(LONGEST_S):
            await resumed.wait()
        yield ear, said
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not ear.hears


async def becomes(holds):
    """Wait for what others do, of which no event tells."""
    async with asyncio.timeout(LONGEST_S):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def all_said(database, said, word="barrier"):
    """Return what was said up to now."""
    say(database, word)
    await becomes(lambda: word in said)
    before = said[: said.index(word)]
    said.clear()
    return before


def waits(explainer, user="u1", number=1):
    """Return explanations of which better texts are awaited."""
    ids = [row.id for row in explainer.explain_top(user, number)]
    with explainer.database.session() as session:
        await_upgrade(session, ids)
    return ids
