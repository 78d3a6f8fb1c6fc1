"""Questions that come at the same time are asked together; each of them gets its answer, or its error."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainer.errors import BusyError
from explainer.server.together import Together


class Asked:
    """A database of squares, which answers when it is let, and remembers what it was asked."""

    def __init__(self):
        self.batches = []
        self.begun, self.free = threading.Event(), threading.Event()
        self.free.set()
        self.broken = False

    @contextmanager
    def look(self):
        yield self

    def squares(self, connection, about):
        assert connection is self
        self.batches.append(set(about))
        self.begun.set()
        assert self.free.wait(30)
        if self.broken:
            raise BusyError("away")
        return {one: int(one) ** 2 for one in about if one.isdigit()}


async def coming(together, about):
    """Return the questions, each on its way."""
    tasks = [asyncio.create_task(together.ask(one)) for one in about]
    await asyncio.sleep(0)
    return tasks


def story(tell):
    asked = Asked()
    together = Together(asked, asked.squares)

    async def told():
        async with asyncio.timeout(60):
            return await tell(asked, together)

    return asyncio.run(told())


def test_what_comes_while_another_is_on_its_way_goes_together_and_later():
    async def tell(asked, together):
        asked.free.clear()
        first = await coming(together, ["1"])
        assert await asyncio.to_thread(asked.begun.wait, 30)
        others = await coming(together, ["2", "3", "2", "x", "1"])
        asked.free.set()
        assert await asyncio.gather(*first, *others) == [1, 4, 9, 4, None, 1]
        assert asked.batches == [{"1"}, {"1", "2", "3", "x"}], "also what was asked before: it may have changed"

    story(tell)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from("0123456789x"), max_size=8), max_size=5))
def test_everybody_gets_their_own_answer(waves):
    async def tell(_, together):
        tasks = [(one, task) for wave in waves for one, task in zip(wave, await coming(together, wave), strict=True)]
        return [(one, await task) for one, task in tasks]

    assert all(answer == (int(one) ** 2 if one.isdigit() else None) for one, answer in story(tell))


def test_an_error_is_for_all_who_asked_and_for_nobody_after_them():
    async def tell(asked, together):
        asked.broken = True
        for task in await coming(together, ["1", "2"]):
            with pytest.raises(BusyError, match="away"):
                await task
        asked.broken = False
        assert await together.ask("3") == 9

    story(tell)


def test_who_goes_away_takes_no_answer_from_others():
    async def tell(asked, together):
        asked.free.clear()
        gone, stays = await coming(together, ["1", "2"])
        assert await asyncio.to_thread(asked.begun.wait, 30)
        (late,) = await coming(together, ["3"])
        gone.cancel()
        late.cancel()
        asked.free.set()
        assert await stays == 4
        assert await together.ask("5") == 25
        assert gone.cancelled()
        assert late.cancelled()

    story(tell)


def test_another_loop_begins_anew():
    """Where a loop ended while something was on its way, as a server that was stopped does."""
    asked = Asked()
    together = Together(asked, asked.squares)

    async def stopped():
        asked.free.clear()
        await coming(together, ["1"])
        assert await asyncio.to_thread(asked.begun.wait, 30)
        asked.free.set()

    asyncio.run(stopped())
    assert asyncio.run(together.ask("2")) == 4


def test_loops_in_several_threads_get_their_own_answers():
    asked = Asked()
    together = Together(asked, asked.squares)

    async def wave(numbers):
        return await asyncio.gather(*(together.ask(str(number)) for number in numbers))

    def loop(first):
        async def some():
            async with asyncio.timeout(60):
                return [await wave(range(first, first + 5)) for _ in range(20)]

        return asyncio.run(some())

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(loop, range(0, 80, 5)))
    assert found == [[[number**2 for number in range(first, first + 5)]] * 20 for first in range(0, 80, 5)]
