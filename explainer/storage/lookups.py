"""Small statements that are asked at every request, by one text.

On PostgreSQL they go straight to the driver's connection (:mod:`explainer.storage.prepared`), past what SQLAlchemy does
for statements of any kind: half of the time. Elsewhere they are executed as any other.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.exc import DBAPIError, InterfaceError

_DRIVER = "pg8000"


class Lookup:
    """A statement that finds at most one row.

    Args:
        statement: With one parameter, a text, perhaps in several places.
        parameter: Its name.
    """

    def __init__(self, statement: Select[Any], parameter: str) -> None:
        self._statement = statement
        self._parameter = parameter

    def find(self, connection: Connection, value: str) -> tuple[Any, ...] | None:
        """Return the row for a value, None if there is none."""
        if connection.dialect.driver != _DRIVER:
            row = connection.execute(self._statement, {self._parameter: value}).one_or_none()
            return None if row is None else tuple(row)
        return self._find_directly(connection, value)

    def _find_directly(self, connection: Connection, value: str) -> tuple[Any, ...] | None:
        driver: Any = connection.connection.driver_connection
        try:
            if self not in connection.info:
                connection.info[self] = self._numbered(connection)
            sql, places = connection.info[self]
            rows = driver.execute_unnamed(sql, [value] * places).rows
        except ConnectionError as error:
            connection.invalidate(error)
            raise
        except connection.dialect.loaded_dbapi.Error as error:
            # Whatever it was, the next one begins with a new connection.
            connection.invalidate(error)
            kind = InterfaceError if isinstance(error, connection.dialect.loaded_dbapi.InterfaceError) else DBAPIError
            raise kind(str(self._statement), None, error) from error
        return tuple(rows[0]) if rows else None

    def _numbered(self, connection: Connection) -> tuple[str, int]:
        """Return the text as the server reads it, and in how many places the value stands in it."""
        pieces = self._statement.compile(dialect=connection.dialect).string.split("%s")
        numbered = "".join(f"{piece}${number}" for number, piece in enumerate(pieces[:-1], start=1)) + pieces[-1]
        return numbered, len(pieces) - 1
