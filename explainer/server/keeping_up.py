"""What a process looks after every second: items that came through another one, and its numbers for the others."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from litestar import Litestar

from explainer.errors import ExplainerError
from explainer.server.metrics import Metrics
from explainer.service.live import Live

_LOG = logging.getLogger(__name__)
_EVERY_S = 1.0


@contextlib.asynccontextmanager
async def keeping_up(live: Live, metrics: Metrics, _: Litestar) -> AsyncIterator[None]:
    """Keep up for as long as the app runs."""
    task = asyncio.create_task(_keep_up(live, metrics))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _keep_up(live: Live, metrics: Metrics) -> None:
    # A thread of its own, not of those who are served: encoding new items takes its time.
    with ThreadPoolExecutor(1, "keeping up") as thread:
        while True:
            await asyncio.sleep(_EVERY_S)
            await asyncio.get_running_loop().run_in_executor(thread, _look_after, live, metrics)


def _look_after(live: Live, metrics: Metrics) -> None:
    try:
        metrics.refresh()
        live.follow()
    except ExplainerError as error:  # the database is away, which whoever asks is told
        _LOG.debug("No look at new items: %s", error)
    except Exception:  # noqa: BLE001  or it would not look again until it is started anew
        _LOG.exception("This process could not keep up; it tries again")
