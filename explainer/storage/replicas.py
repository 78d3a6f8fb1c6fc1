"""Read replicas: copies of the database that are a little behind, asked in turn.

One that does not answer is left out for a while; with none left, whoever asks turns to the primary. What fails halfway
is the caller's to try again: nobody here knows how much of it was done.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count

from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from explainer.storage.pools import PoolConfig, make_engine
from explainer.storage.refusals import note_lost

_log = logging.getLogger(__name__)
_REST_S = 30.0
_PATIENCE_S = 10


@dataclass(slots=True)
class _Replica:
    engine: Engine
    rests_until: float = 0.0


class Replicas:
    """See the module; safe for threads.

    Args:
        urls: Their SQLAlchemy URLs; none at all is fine.
        pool: Settings of each one's pool. Connections are always tried before use: that is how a break is noticed
            while somebody else can still answer.
        clock: Seconds that only go forward.

    Raises:
        ArgumentError: If a URL makes no sense.
        ModuleNotFoundError: If its driver is not installed.
    """

    def __init__(
        self, urls: Sequence[str] = (), pool: PoolConfig | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        pinged = replace(pool or PoolConfig(), ping=True)
        self._all = [_Replica(_engine(url, pinged)) for url in urls]
        self._clock = clock
        self._turns = count()

    @contextmanager
    def connection(self) -> Iterator[Connection | None]:
        """Yield a connection to the next replica that answers; None if none does."""
        first = next(self._turns)
        for at in range(len(self._all)):
            replica = self._all[(first + at) % len(self._all)]
            connection = self._connected(replica) if replica.rests_until <= self._clock() else None
            if connection is not None:
                with self._watched(replica), connection:
                    yield connection
                return
        yield None

    def _connected(self, replica: _Replica) -> Connection | None:
        try:
            return replica.engine.connect()
        except (DBAPIError, PoolTimeout, OSError) as error:
            self._leave_out(replica, error)
            return None

    @contextmanager
    def _watched(self, replica: _Replica) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, OSError) as error:
            if not isinstance(error, DBAPIError) or error.connection_invalidated:
                self._leave_out(replica, error)
            raise

    def _leave_out(self, replica: _Replica, error: Exception) -> None:
        replica.rests_until = self._clock() + _REST_S
        # The error's message may quote the URL, and with it a password.
        name = replica.engine.url.render_as_string(hide_password=True)
        _log.warning("Replica %s is left out for %d s: %s", name, _REST_S, type(error).__name__)

    def dispose(self) -> None:
        """Close all connections."""
        for replica in self._all:
            with suppress(DBAPIError, OSError):
                replica.engine.dispose()


def _engine(url: str, pool: PoolConfig) -> Engine:
    by_pg8000 = make_url(url).get_driver_name() == "pg8000"
    # One that is cut off neither answers nor refuses: nobody waits for it longer than this.
    arguments = {"timeout": _PATIENCE_S} if by_pg8000 else {}
    engine = make_engine(url, pool, isolation_level="AUTOCOMMIT", connect_args=arguments)
    event.listen(engine, "handle_error", note_lost)
    return engine
