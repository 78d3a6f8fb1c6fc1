"""Open streams that wait for better texts: PostgreSQL tells this process which of them may read again.

That can fail: SQLite tells nobody, connections break, and what is said meanwhile is lost. So it is also looked at what
is still awaited, by one statement for all streams however many they are: as soon as one is opened, now and then while
notices are heard, and four times a second while they are not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from litestar import Litestar

from explainer.errors import ExplainerError
from explainer.server.draining import Draining
from explainer.storage.database import Database
from explainer.storage.notices import AWAITED, Notices
from explainer.storage.revisions import still_awaited

_LOG = logging.getLogger(__name__)
_TICK_S = 0.25
_SELDOM_S = 5.0


class Awaited:
    """Tells streams when to look again; for one loop.

    Args:
        database: Where it is noted what is awaited.
        draining: Whether the process is about to stop; then nobody waits on.
    """

    def __init__(self, database: Database, draining: Draining) -> None:
        self._database, self._draining = database, draining
        self._notices = Notices(database.direct, AWAITED, self._hear, self._doubt)
        self._streams: dict[str, set[asyncio.Event]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._looked_at = 0.0
        self._doubts = False

    async def ended(self, explanation_id: str, longest_s: float) -> None:
        """Wait until no better text is awaited any more, or the process is about to stop, or for so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest_s), self._told(explanation_id) as told:
                await told.wait()

    @contextlib.asynccontextmanager
    async def hearing(self, _: Litestar) -> AsyncIterator[None]:
        """Hear what the database tells for as long as the app runs, where it does."""
        if self._database.engine.dialect.name != "postgresql":
            yield
            return
        task = asyncio.create_task(self._notices.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    @contextlib.asynccontextmanager
    async def _told(self, explanation_id: str) -> AsyncIterator[asyncio.Event]:
        told = asyncio.Event()
        self._streams.setdefault(explanation_id, set()).add(told)
        self._doubt()  # the text may have come after it was read and before this
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield told
        finally:
            others = self._streams[explanation_id]
            others.discard(told)
            if not others:
                del self._streams[explanation_id]

    def _hear(self, explanation_id: str) -> None:
        for told in self._streams.get(explanation_id, ()):
            told.set()

    def _doubt(self) -> None:
        """Have it looked as soon as may be: something may have been missed."""
        self._doubts = True

    async def _look_on(self) -> None:
        # A thread of its own, not of those who are served: who waits here is not waited for.
        with ThreadPoolExecutor(1, "streams") as thread:
            while self._streams:
                if self._draining.begun:
                    self._tell(set(self._streams))
                elif self._is_due():
                    self._doubts, self._looked_at = False, time.monotonic()
                    ids = set(self._streams)
                    still = await asyncio.get_running_loop().run_in_executor(thread, self._still, ids)
                    self._doubts |= still is None
                    self._tell(ids - (ids if still is None else still))
                await asyncio.sleep(_TICK_S)

    def _is_due(self) -> bool:
        age_s = time.monotonic() - self._looked_at
        return self._doubts or not self._notices.hears or age_s >= _SELDOM_S

    def _tell(self, ids: set[str]) -> None:
        for one in ids:
            self._hear(one)

    def _still(self, ids: set[str]) -> set[str] | None:
        """Return of which of these a better text is awaited; None if that cannot be known now."""
        try:
            with self._database.look() as connection:
                return still_awaited(connection, ids)
        except ExplainerError as error:
            _LOG.debug("No look at what is awaited: %s", type(error).__name__)
        except Exception:  # noqa: BLE001  or streams would wait to their end
            _LOG.exception("It could not be looked at what is awaited; this is tried again")
        return None
