"""Settings → the database, with its pools and replicas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.storage.pools import PoolConfig


def make_database(settings: Settings) -> Database:
    """Return the database with its replicas.

    Raises:
        NotReadyError: If a URL makes no sense.
    """
    pool = PoolConfig(
        settings.pool_size,
        settings.pool_overflow,
        settings.pool_timeout_s,
        settings.pool_recycle_s,
        settings.pool_ping,
        settings.pool_prepare,
    )
    return Database(settings.url, settings.database_replicas, pool, settings.database_direct)


@contextmanager
def using_database(settings: Settings) -> Iterator[Database]:
    """Yield the database for the block; its connections are closed behind it.

    Raises:
        NotReadyError: If a URL makes no sense.
    """
    database = make_database(settings)
    try:
        yield database
    finally:
        database.engine.dispose()


def current_database(settings: Settings) -> Database:
    """Return the database, whose schema is the newest.

    Raises:
        NotReadyError: If it is not, or a URL makes no sense.
    """
    database = make_database(settings)
    database.require_current()
    return database
