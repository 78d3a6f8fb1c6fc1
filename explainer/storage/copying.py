"""Bulk load by COPY: PostgreSQL reads a stream of rows instead of one statement for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_ROWS_AT_ONCE = 1000


def can_copy(connection: Connection) -> bool:
    """Return whether the database knows COPY, and its driver takes a stream for it."""
    return connection.dialect.name == "postgresql" and connection.dialect.driver == "pg8000"


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """Send rows into a table, as part of the connection's transaction.

    Args:
        connection: To a database that :func:`can_copy`.
        table: Name of the table. This and the next are our own words: nothing in them is quoted.
        columns: Names of the columns.
        rows: Their values as text, None for NULL.

    Raises:
        DBAPIError: If the database refuses a row; none is stored then.
    """
    copy_stream(connection, f"COPY {table} ({', '.join(columns)}) FROM STDIN", _pieces(rows))


def copy_stream(connection: Connection, statement: str, pieces: Iterable[bytes]) -> None:
    """Send what a COPY statement reads.

    Raises:
        DBAPIError: If the database refuses it.
    """
    cursor: Any = connection.connection.cursor()  # pg8000's own, which takes a stream
    try:
        cursor.execute(statement, stream=pieces)
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(statement, None, error, connection.dialect.loaded_dbapi.Error) from error
    except ConnectionError:
        connection.invalidate()
        raise
    finally:
        cursor.close()


def _pieces(rows: Iterable[Sequence[str | None]]) -> Iterator[bytes]:
    """Yield rows in COPY's text format, many to a piece: each piece is a message, and each message a system call."""
    left = iter(rows)
    while lines := ["\t".join(map(_cell, row)) for row in islice(left, _ROWS_AT_ONCE)]:
        # What is no UTF-8 is for the database to refuse: an error here would leave it waiting for the rest.
        yield ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def _cell(value: str | None) -> str:
    if value is None:
        return r"\N"
    return value if value.isalnum() else value.translate(_ESCAPED)
