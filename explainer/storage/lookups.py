"""Small statements that are asked at every request, for everybody who asks at the same time.

On PostgreSQL they go straight to the driver's connection (:mod:`explainer.storage.prepared`), past what SQLAlchemy does
for statements of any kind: half of the time. Elsewhere they are executed as any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam
from sqlalchemy.exc import DBAPIError, InterfaceError

_DRIVER = "pg8000"
_AT_ONCE = 64
VALUES: BindParameter[Sequence[str]] = bindparam("values", expanding=True)
"""Stands in the statement of a lookup, once, for what is looked for."""
_Row = tuple[Any, ...]


class Lookup:
    """A statement that finds at most one row for each of some values.

    Args:
        statement: Has the value as its first column, and ``IN`` :data:`VALUES` as its condition.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement

    def find(self, connection: Connection, values: Collection[str]) -> dict[str, _Row]:
        """Return the rows of those values that have one, by value."""
        execute = self._directly if connection.dialect.driver == _DRIVER else self._execute
        return {row[0]: tuple(row) for some in _filled(values) for row in execute(connection, some)}

    def _execute(self, connection: Connection, values: Sequence[str]) -> Sequence[Any]:
        return connection.execute(self._statement, {VALUES.key: values}).all()

    def _directly(self, connection: Connection, values: Sequence[str]) -> Sequence[Any]:
        driver: Any = connection.connection.driver_connection
        try:
            rows: Sequence[Any] = driver.execute_unnamed(self._numbered(connection, len(values)), values).rows
        except ConnectionError as error:
            connection.invalidate(error)
            raise
        except connection.dialect.loaded_dbapi.Error as error:
            # Whatever it was, the next one begins with a new connection.
            connection.invalidate(error)
            kind = InterfaceError if isinstance(error, connection.dialect.loaded_dbapi.InterfaceError) else DBAPIError
            raise kind(str(self._statement), None, error) from error
        return rows

    def _numbered(self, connection: Connection, count: int) -> str:
        """Return the text as the server reads it, for so many values."""
        if (self, count) not in connection.info:
            some = self._statement.params({VALUES.key: [""] * count})
            text = some.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True}).string
            pieces = text.split("%s")
            numbered = "".join(f"{piece}${number}" for number, piece in enumerate(pieces[:-1], start=1)) + pieces[-1]
            connection.info[self, count] = numbered
        found: str = connection.info[self, count]
        return found


def _filled(values: Collection[str]) -> Iterator[list[str]]:
    """Yield the values that there may be, some at a time, with the last repeated until they are a power of two.

    So there are few statements, which stay compiled and prepared. No text in a database holds a zero.
    """
    possible = [value for value in dict.fromkeys(values) if "\0" not in value]
    for first in range(0, len(possible), _AT_ONCE):
        some = possible[first : first + _AT_ONCE]
        missing = (1 << (len(some) - 1).bit_length()) - len(some)
        yield [*some, *[some[-1]] * missing]
