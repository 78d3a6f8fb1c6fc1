"""What PostgreSQL says of its own accord: notices, heard on a connection that is kept for nothing else.

Litestar's channels have a backend for this. It connects once, when the app starts, which then fails while the database
is away, and it neither notices that its connection broke nor makes another. And pg8000, through which all else goes,
sees notices only beside the answer to a statement: it cannot wait for one. So it is asyncpg, and connected anew here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from sqlalchemy import make_url

AWAITED = "explainer_awaited"
"""On this channel triggers (migration 0020) tell ids of explanations of which no better text is awaited any more,"""
JOBS = "explainer_jobs"
"""and on this one of which kind new jobs are that somebody waits for."""
_LOG = logging.getLogger(__name__)
_NAME = "explainer: notices"
_DEAF = "Notices of the database are not heard, what they tell is looked for"
_PATIENCE_S = 5.0
_TRY_EVERY_S = 15.0
_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 5.0
_CLOSE_S = 1.0


class _PooledError(Exception):
    """Something between us and the database hands its connections round."""


class Notices:
    """Hears a channel for one event loop, for as long as it runs, however often the connection breaks.

    Args:
        url: SQLAlchemy URL of the PostgreSQL, itself and not of a pooler before it.
        channel: Which one.
        hear: Is called with what is said.
        resume: Is called when it begins to hear, at first and after each break: what was said before that is lost.

    Attributes:
        hears: Whether it does at present.
    """

    def __init__(self, url: str, channel: str, hear: Callable[[str], None], resume: Callable[[], None]) -> None:
        self.hears = False
        self._url, self._channel = url, channel
        self._hear, self._resume = hear, resume
        self._complained, self._pause_s = False, _PAUSE_S

    async def run(self) -> None:
        """Hear until cancelled; return only where nothing will ever be heard, which is logged."""
        if find_spec("asyncpg") is None:
            _LOG.warning("%s: pip install 'recommended-because[postgres]'", _DEAF)
            return
        while True:
            try:
                await self._listen()
            except _PooledError:
                _LOG.warning(
                    "%s: EXPLAINER_DATABASE_URL leads to a pooler, which does not pass notices on; name PostgreSQL "
                    "itself by EXPLAINER_DATABASE_DIRECT",
                    _DEAF,
                )
                return
            except Exception as error:  # noqa: BLE001  or it would not hear until the process is started anew
                self._complain(error)
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def _complain(self, error: Exception) -> None:
        # Only of what kind it is: its words may quote an address with its password.
        level = logging.DEBUG if self._complained else logging.WARNING
        _LOG.log(level, "%s: %s; this is tried again", _DEAF, type(error).__name__)
        self._complained = True

    async def _listen(self) -> None:
        connection = await _connected(self._url)
        broken = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: broken.set())
            if await _is_pooled(connection):
                raise _PooledError
            await connection.add_listener(self._channel, lambda *told: self._hear(told[-1]))
            self._begin()
            while not await _within(_TRY_EVERY_S, broken):
                # Nobody tells of a machine that is gone: who does not answer is not there.
                await connection.execute("SELECT 1")
            raise ConnectionResetError
        finally:
            self.hears = False
            with suppress(Exception):  # it is let go whatever comes of that; and who cancels us must not wait in vain
                await connection.close(timeout=_CLOSE_S)

    def _begin(self) -> None:
        if self._complained:
            _LOG.info("Notices of the database are heard again")
        self.hears, self._complained, self._pause_s = True, False, _PAUSE_S
        self._resume()


def connects_to(url: str) -> dict[str, Any]:
    """Return how asyncpg is told where an SQLAlchemy URL leads, as pg8000 understands it."""
    parts = make_url(url)
    return {
        "host": parts.query.get("unix_sock") or parts.host or "localhost",
        "port": parts.port or 5432,
        "user": parts.username,
        "password": parts.password,
        "database": parts.database or parts.username,
    }


async def _connected(url: str) -> Any:  # noqa: ANN401  the library has no types
    import asyncpg  # noqa: PLC0415  only whoever has a PostgreSQL needs it

    return await asyncpg.connect(
        **connects_to(url),
        timeout=_PATIENCE_S,
        command_timeout=_PATIENCE_S,
        statement_cache_size=0,
        server_settings={"application_name": _NAME},
    )


async def _within(longest_s: float, event: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(longest_s):
            await event.wait()
    return event.is_set()


async def _is_pooled(connection: Any) -> bool:  # noqa: ANN401  the library has no types
    """Return whether another process answers than the one that we were told of when we connected."""
    async with connection.transaction():  # a pooler keeps to one for as long as that
        answers = await connection.fetchval("SELECT pg_backend_pid()")
    return bool(answers != connection.get_server_pid())
