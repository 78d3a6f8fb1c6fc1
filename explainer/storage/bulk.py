"""Many rows at once, as fast as the database takes them: COPY on PostgreSQL, one prepared statement on SQLite.

Rows whose key is there already are left out, so loading twice changes nothing. SQLAlchemy's own bulk insert spends
more time on a row than the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, Table, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from explainer.storage.base import Base
from explainer.storage.copying import can_copy, copy_rows

Value = str | int | float | None
OnProgress = Callable[[int], None]
_AT_ONCE = 20_000
_CACHE_KIB = 262_144


def insert_many(
    session: Session,
    table: type[Base],
    columns: Sequence[str],
    rows: Sequence[tuple[Value, ...]],
    on_progress: OnProgress = lambda _: None,
) -> int:
    """Insert rows but those whose key is there, and return how many were new; the caller commits.

    Args:
        session: Open session.
        table: Where they go.
        columns: Names of the columns; others get what the database gives them.
        rows: Their values, JSON as text; no two with the same key.
        on_progress: Called with the number of rows handled since the last call.

    Raises:
        DBAPIError: If the database refuses a row; nothing is stored then.
    """
    connection, target = session.connection(), cast("Table", table.__table__)
    if can_copy(connection):
        return _copied(connection, target, columns, rows, on_progress)
    return _executed(connection, target, columns, rows, on_progress)


def _executed(
    connection: Connection,
    target: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Value, ...]],
    on_progress: OnProgress,
) -> int:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    fresh = dialect.insert(target).on_conflict_do_nothing()
    statement = fresh.compile(dialect=connection.dialect, column_keys=list(columns))
    added = 0
    with _many_pages(connection):
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            given: Any = list(some) if statement.positional else [dict(zip(columns, row, strict=True)) for row in some]
            added += connection.exec_driver_sql(statement.string, given).rowcount
            on_progress(len(some))
    return added


@contextmanager
def _many_pages(connection: Connection) -> Iterator[None]:
    """Have SQLite hold many pages during the block; the connection is somebody else's after it.

    Keys come in no order: the pages that they fall on are read and written again and again unless all are held.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KIB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {before}")


def _copied(
    connection: Connection,
    target: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Value, ...]],
    on_progress: OnProgress,
) -> int:
    if connection.execute(select(1).select_from(target).limit(1)).first() is None:
        copy_rows(connection, target.name, columns, _as_text(rows, on_progress))
        return len(rows)
    # COPY knows no "unless it is there": the rows go to a table of their own first.
    coming = f"coming_{target.name}"
    connection.execute(text(f"CREATE TEMP TABLE {coming} (LIKE {target.name}) ON COMMIT DROP"))
    copy_rows(connection, coming, columns, _as_text(rows, on_progress))
    names = ", ".join(columns)
    fresh = f"INSERT INTO {target.name} ({names}) SELECT {names} FROM {coming} ON CONFLICT DO NOTHING"  # noqa: S608  our own words
    added = connection.execute(text(fresh)).rowcount
    connection.execute(text(f"DROP TABLE {coming}"))
    return added


def _as_text(rows: Sequence[tuple[Value, ...]], on_progress: OnProgress) -> Iterator[list[str | None]]:
    for number, row in enumerate(rows, start=1):
        yield [None if value is None else str(value) for value in row]
        if number % _AT_ONCE == 0:
            on_progress(_AT_ONCE)
    on_progress(len(rows) % _AT_ONCE)
