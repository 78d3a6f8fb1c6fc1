"""Open streams that wait for better texts: one look at the database serves all of them, however many they are."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from explainer.errors import ExplainerError
from explainer.server.draining import Draining
from explainer.storage.database import Database
from explainer.storage.revisions import still_awaited

_LOG = logging.getLogger(__name__)
_EVERY_S = 0.25


class Awaited:
    """Tells streams when to look again; for one loop.

    The database is asked, as texts may be written by another process: four times a second as long as anybody waits,
    and not at all otherwise.

    Args:
        database: Where it is noted what is awaited.
        draining: Whether the process is about to stop; then nobody waits on.
    """

    def __init__(self, database: Database, draining: Draining) -> None:
        self._database, self._draining = database, draining
        self._streams: dict[asyncio.Event, str] = {}
        self._looking: asyncio.Task[None] | None = None

    async def ended(self, explanation_id: str, longest_s: float) -> None:
        """Wait until no better text is awaited any more, or the process is about to stop, or for so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest_s), self._told(explanation_id) as told:
                await told.wait()

    @contextlib.asynccontextmanager
    async def _told(self, explanation_id: str) -> AsyncIterator[asyncio.Event]:
        told = asyncio.Event()
        self._streams[told] = explanation_id
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield told
        finally:
            del self._streams[told]

    async def _look(self) -> None:
        # A thread of its own, not of those who are served: who waits here is not waited for.
        with ThreadPoolExecutor(1, "streams") as thread:
            while self._streams:
                ids = set(self._streams.values())
                still = await asyncio.get_running_loop().run_in_executor(thread, self._still, ids)
                for told, one in self._streams.items():
                    if self._draining.begun or (one in ids and one not in still):
                        told.set()
                await asyncio.sleep(_EVERY_S)

    def _still(self, ids: set[str]) -> set[str]:
        try:
            with self._database.look() as connection:
                return still_awaited(connection, ids)
        except ExplainerError as error:
            _LOG.debug("No look at what is awaited: %s", type(error).__name__)
        except Exception:  # noqa: BLE001  or streams would wait to their end
            _LOG.exception("It could not be looked at what is awaited; this is tried again")
        return ids
