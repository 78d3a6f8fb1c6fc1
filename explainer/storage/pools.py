"""How connections are made and kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, make_url


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """How many connections a pool keeps, and for how long; a database has two, one of them for what only reads.

    Attributes:
        size: Connections that stay open.
        overflow: More that may be opened, and are closed after use.
        timeout_s: Seconds to wait for one when all are in use.
        recycle_s: Age in seconds at which a connection is replaced before use; None for never.
        ping: Whether a connection is tried before use: a trip each time, against errors after a break.
        prepare: Whether statements are prepared on PostgreSQL: a third of the trips, but not through a pooler that
            gives every transaction another connection and knows nothing of them (PgBouncer before 1.21).
    """

    size: int = 16
    overflow: int = 32
    timeout_s: float = 10.0
    recycle_s: int | None = None
    ping: bool = False
    prepare: bool = True


def in_memory(url: str) -> bool:
    """Return whether a database is there for one connection only."""
    parts = make_url(url)
    return parts.get_backend_name() == "sqlite" and parts.database in {None, "", ":memory:"}


def is_missing(url: str) -> bool:
    """Return whether there is no database: its file is not there. A server that does not answer may well have one."""
    parts = make_url(url)
    return parts.get_backend_name() == "sqlite" and (in_memory(url) or not Path(parts.database or "").exists())


def make_engine(url: str, config: PoolConfig, **options: Any) -> Engine:  # noqa: ANN401  SQLAlchemy's
    """Return an engine with its pool.

    Args:
        url: SQLAlchemy URL.
        config: Of the pool.
        options: Of ``create_engine``.

    Raises:
        ArgumentError: If the URL makes no sense.
        ModuleNotFoundError: If its driver is not installed.
    """
    engine = create_engine(url, **_options(url, config), **options)
    if config.prepare and engine.dialect.driver == "pg8000":
        from explainer.storage.prepared import prepare_statements  # noqa: PLC0415  where there is no pg8000, is no need

        prepare_statements(engine)
    return engine


def _options(url: str, config: PoolConfig) -> dict[str, Any]:
    """Return what an engine is to be told: a connection for every thread that may want one."""
    # Rows are people's: an error that quotes them must not come into a log or a letter.
    private = {"hide_parameters": True}
    if in_memory(url):
        return private
    return private | {
        "pool_size": config.size,
        "max_overflow": config.overflow,
        "pool_timeout": config.timeout_s,
        "pool_recycle": -1 if config.recycle_s is None else config.recycle_s,
        "pool_pre_ping": config.ping,
        "pool_use_lifo": True,  # a service that has little to do uses few of them
    }
