"""Statements that are parsed and planned once for each connection to PostgreSQL, however often they are run.

pg8000 sends every statement in three trips, to be parsed, described and run; one that the server knows by name takes
one trip, and neither side reads its text again. What is run once stays as it was: a name pays off from the second time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from pg8000.converters import make_params
from pg8000.legacy import Connection, DatabaseError
from sqlalchemy import Engine, event

# More than we have that are run often; some have as many forms as there are lengths of their lists.
_MOST = 256
_PLAN_CHANGED = "0A000"
_Key = tuple[str, tuple[int, ...]]


class PreparingConnection(Connection):  # type: ignore[misc]  # pg8000 has no types
    """A connection of pg8000 that gives a name to each statement that it runs for the second time."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401  pg8000's
        # The latest: what prepare_statement returned, None for those that were run once.
        self._met: OrderedDict[_Key, Any] = OrderedDict()
        super().__init__(*arguments, **named)

    def execute_unnamed(
        self,
        statement: str,
        vals: Sequence[Any] = (),
        oids: Sequence[int] = (),
        stream: Any = None,  # noqa: ANN401  pg8000's
    ) -> Any:  # noqa: ANN401  pg8000's
        """Run a statement, by its name where it has one."""
        if stream is not None:
            return super().execute_unnamed(statement, vals, oids, stream)
        if not vals:
            return self.execute_simple(statement)
        key = statement, tuple(oids)
        if key not in self._met:
            self._meet(key)
            return super().execute_unnamed(statement, vals, oids)
        self._met.move_to_end(key)
        try:
            return self._run(key, vals)
        except DatabaseError as error:
            if error.args[0].get("C") != _PLAN_CHANGED:
                raise
            self._forget(key)  # the schema has changed under its plan
            if self._in_transaction:
                raise
            return super().execute_unnamed(statement, vals, oids)

    def _meet(self, key: _Key) -> None:
        if len(self._met) >= _MOST:
            self._forget(next(iter(self._met)))
        self._met[key] = None

    def _run(self, key: _Key, values: Sequence[Any]) -> Any:  # noqa: ANN401  pg8000's
        statement, oids = key
        if self._met[key] is None:
            self._met[key] = self.prepare_statement(statement, oids)
        name, columns, read = self._met[key]
        return self.execute_named(name, make_params(self.py_types, values), columns, read, statement)

    def _forget(self, key: _Key) -> None:
        known = self._met.pop(key)
        if known is not None:
            self.close_prepared_statement(known[0])


def prepare_statements(engine: Engine) -> None:
    """Have an engine with pg8000 prepare what it runs again."""

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Sequence[Any], named: dict[str, Any]) -> Connection:  # noqa: ANN401
        return PreparingConnection(*arguments, **named)
