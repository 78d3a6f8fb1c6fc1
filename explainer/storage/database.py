"""Connection and schema: one engine, sessions that commit or roll back, Alembic up to head."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from explainer.errors import NotReadyError
from explainer.paths import resource_dir
from explainer.storage.months import try_to_make_months
from explainer.storage.pools import PoolConfig, in_memory, make_engine
from explainer.storage.refusals import note_lost, told
from explainer.storage.replicas import Replicas
from explainer.storage.schema import know_all_tables
from explainer.storage.turns import turn
from explainer.storage.vectors.table import make_table

_log = logging.getLogger(__name__)


class Database:
    """An SQL database.

    Args:
        url: SQLAlchemy URL, e.g. ``sqlite:///explainer.db``.
        replicas: URLs of copies that may be a little behind.
        pool: How connections are kept.
        direct: URL of the server itself, where ``url`` leads to a pooler before it.

    Attributes:
        url: See above.
        direct: As ``url`` where nothing else is said.

    Raises:
        NotReadyError: If a URL makes no sense or its driver is not installed.
    """

    def __init__(
        self, url: str, replicas: Sequence[str] = (), pool: PoolConfig | None = None, direct: str | None = None
    ) -> None:
        know_all_tables()  # a row may refer to one whose module the caller never imported
        self.url = url
        self.direct = direct or url
        pool = pool or PoolConfig()
        try:
            _require_alike(self.direct, url)
            self.engine = make_engine(url, pool)
            self._reader = _reader(self.engine, url, pool)
            self._replicas = Replicas(replicas, pool)
        except (ArgumentError, ModuleNotFoundError) as error:
            raise NotReadyError(
                "EXPLAINER_DATABASE_URL, EXPLAINER_DATABASE_REPLICAS or EXPLAINER_DATABASE_DIRECT can't be used: "
                f"{error}"
            ) from error
        for engine in {self.engine, self._reader}:
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _sqlite_pragmas)
            event.listen(engine, "handle_error", note_lost)
        event.listen(self.engine, "engine_disposed", lambda _: self._replicas.dispose())

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Yield a session; commit when the block ends well, roll back when it does not.

        Raises:
            ConflictError: If the database refuses what was written.
            ValueRefusedError: If it cannot hold a value.
            BusyError: If it cannot be used now.
        """
        with told(), Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session for a transaction that writes from its first statement on, often and from many places.

        Raises:
            As :meth:`session`.
        """
        with self._turn(), self.session() as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Yield a session that only reads: all that it reads is as it was at one moment, whatever others do meanwhile.

        The moment is that of the first statement. On SQLite what was written since is kept in the write-ahead log.

        Raises:
            As :meth:`session`.
        """
        with told(), Session(self.engine, expire_on_commit=False) as session:
            if self.engine.dialect.name == "sqlite":
                session.execute(text("BEGIN"))  # its driver begins nothing before something is written
            else:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """Yield a connection for statements that only read: each is a transaction of its own, so one costs one trip.

        Raises:
            ValueRefusedError: If the database cannot hold a value.
            BusyError: If it cannot be used now.
        """
        with told(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def look_about(self) -> Iterator[Connection]:
        """Yield a connection as :meth:`look` does, to a replica where there is one: what it shows may be a little old.

        Only for what tells of no single person. What somebody has hidden, set aside or had erased, and a key that was
        revoked, must be so the moment it is said, and so must their own words be there when they look; a replica knows
        of it when the primary's log has come to it.

        Raises:
            As :meth:`look`.
        """
        with told(), self._replicas.connection() as connection:
            if connection is not None:
                yield connection
                return
        with self.look() as connection:
            yield connection

    def make_durable(self) -> None:
        """Wait until a power cut can take nothing of what was committed.

        PostgreSQL waits for that at every commit. SQLite syncs its journal (WAL) only now and then, so that commits
        need not wait; here that is done by hand. The journal is not a file that SQLite has locks on.

        Raises:
            OSError: If it cannot be had.
        """
        path = self._path
        if path is not None:
            with suppress(FileNotFoundError), Path(f"{path}-wal").open("rb") as journal:
                os.fsync(journal.fileno())

    def _turn(self) -> AbstractContextManager[None]:
        path = self._path
        return nullcontext() if path is None else turn(Path(f"{path}-turn"))

    @property
    def _path(self) -> str | None:
        """The file, where it is one."""
        url = make_url(self.url)
        in_file = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
        return url.database if in_file else None

    def migrate(self) -> None:
        """Bring the schema to the newest version, and on PostgreSQL make the parts of the next months.

        Raises:
            NotReadyError: If the database cannot be reached, or is none.
        """
        url = make_url(self.url)
        if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        before = self._revision()
        try:
            command.upgrade(_alembic(self.url), "head")
            if before not in {None, self._revision()}:
                self._vacuum()
            with self.engine.begin() as connection:
                missing = make_table(connection)
            try_to_make_months(self.engine)
        except DBAPIError as error:
            raise NotReadyError(f"The database can't be used ({error.orig}): {url!r}") from error
        if missing and url.get_backend_name() == "postgresql":
            _log.info("Embeddings stay in memory: %s.", missing)

    def _revision(self) -> str | None:
        try:
            with self.engine.connect() as connection:
                return MigrationContext.configure(connection).get_current_revision()
        except DBAPIError:
            return None  # what is amiss, the migration says

    def _vacuum(self) -> None:
        """Write an SQLite file anew: what was deleted or rebuilt before may still stand in its free pages."""
        if self.engine.dialect.name == "sqlite":
            with self._reader.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql("VACUUM")

    def require_current(self) -> None:
        """Check that the schema is the newest.

        Raises:
            NotReadyError: If it is not, or the database cannot be reached.
        """
        newest = ScriptDirectory.from_config(_alembic(self.url)).get_current_head()
        try:
            with self.engine.connect() as connection:
                here = MigrationContext.configure(connection).get_current_revision()
        except DBAPIError as error:
            raise NotReadyError(f"The database cannot be reached ({error.orig}); run: explainer migrate") from error
        if here != newest:
            raise NotReadyError(f"The database schema is at {here}, the code needs {newest}; run: explainer migrate")


def _require_alike(direct: str, url: str) -> None:
    kind, other = make_url(url).get_backend_name(), make_url(direct).get_backend_name()
    if kind != other:
        raise ArgumentError(f"{kind} is not reached through {other}")


def _alembic(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resource_dir("migrations")))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def _reader(engine: Engine, url: str, pool: PoolConfig) -> Engine:
    """Return an engine whose connections open no transactions; they live and end with those of the other."""
    if in_memory(url):
        return engine
    # Not an option of the connection: to set it and take it back costs trips of its own.
    reader = make_engine(url, pool, isolation_level="AUTOCOMMIT")
    event.listen(engine, "engine_disposed", lambda _: reader.dispose())
    if reader.dialect.name == "postgresql":
        event.listen(reader, "connect", _uncompiled)
    return reader


def _uncompiled(connection: DBAPIConnection, _: object) -> None:
    """Let PostgreSQL compile nothing: that takes longer than any of our looks."""
    cursor = connection.cursor()
    cursor.execute("SET jit = off")
    cursor.close()
    connection.commit()


def _sqlite_pragmas(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    # Readers don't wait for the writer; a second writer waits instead of failing; foreign keys are checked; what is
    # deleted is overwritten.
    pragmas = ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON", "synchronous=NORMAL", "secure_delete=ON")
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
