"""What waits for the language model keeps nobody else from a thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from explainer.server.threads import _READING, RequestThreads, Waits, note_waiting
from explainer.underway import Underway

WAITING = 4


def run(story):
    threads = RequestThreads(WAITING, Underway())
    try:
        return asyncio.run(story(threads))
    finally:
        threads.shutdown()


async def noting(opt, headers, work):
    """Do some work as a request of its own would: in a task, after its guard."""

    async def request():
        note_waiting(opt, headers)
        return await asyncio.get_running_loop().run_in_executor(None, work)

    return await asyncio.create_task(request())


def test_others_are_served_while_all_who_may_wait_do():
    release = threading.Event()

    async def story(threads):
        asyncio.get_running_loop().set_default_executor(threads)
        waiters = [asyncio.create_task(noting({"waits": Waits.ALWAYS}, {}, release.wait)) for _ in range(5 * WAITING)]
        others = [noting({}, {}, lambda: "read") for _ in range(3 * _READING)]
        async with asyncio.timeout(30):
            answers = await asyncio.gather(*others)
        assert not any(waiter.done() for waiter in waiters)
        release.set()
        await asyncio.gather(*waiters)
        return answers

    assert set(run(story)) == {"read"}


@pytest.mark.parametrize(
    ("opt", "headers", "thread"),
    [
        ({}, {}, "reading"),
        ({}, {"prefer": "wait=5"}, "reading"),
        ({"waits": Waits.NEVER}, {"prefer": "wait=5"}, "reading"),
        ({"waits": Waits.IF_PREFERRED}, {}, "computing"),
        ({"waits": Waits.IF_PREFERRED}, {"prefer": "wait=5"}, "waiting"),
        ({"waits": Waits.ALWAYS}, {}, "waiting"),
    ],
)
def test_who_may_wait_goes_where_one_waits(opt, headers, thread):
    async def story(threads):
        asyncio.get_running_loop().set_default_executor(threads)
        return await noting(opt, headers, lambda: threading.current_thread().name)

    assert run(story).startswith(thread)
