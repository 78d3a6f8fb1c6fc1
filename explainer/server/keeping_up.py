"""What a process looks after every second: items and adapters that came, its numbers, and that it is there.

And once an hour: that the months to come have their parts in the database.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from litestar import Litestar
from litestar.concurrency import sync_to_thread

from explainer.errors import ExplainerError
from explainer.server.again_and_again import quietly
from explainer.server.metrics import Metrics
from explainer.service.live import Live
from explainer.service.months import MonthsAhead
from explainer.service.presence import Presence
from explainer.service.succession import Succession

_EVERY_S = 1.0


@contextlib.asynccontextmanager
async def keeping_up(
    live: Live, succession: Succession, metrics: Metrics, presence: Presence, _: Litestar
) -> AsyncIterator[None]:
    """Keep up for as long as the app runs."""
    task = asyncio.create_task(_keep_up(live, succession, metrics, presence))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await sync_to_thread(_leave, live, presence)


async def _keep_up(live: Live, succession: Succession, metrics: Metrics, presence: Presence) -> None:
    # A thread of its own, not of those who are served: encoding new items takes its time.
    months = MonthsAhead(live.explainer.database)

    def say() -> None:
        presence.say(live.explainer, succession.trouble)

    def look() -> None:
        for duty in (metrics.refresh, live.follow, succession.follow, say, months.look):
            quietly(duty)  # each by itself: where one fails the others are done all the same

    with ThreadPoolExecutor(1, "keeping up") as thread:
        while True:
            await asyncio.sleep(_EVERY_S)
            await asyncio.get_running_loop().run_in_executor(thread, look)


def _leave(live: Live, presence: Presence) -> None:
    with contextlib.suppress(ExplainerError):
        presence.leave(live.explainer)
