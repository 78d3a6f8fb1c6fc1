"""Statements in one trip to PostgreSQL, and parsed and planned once for each connection however often they are run.

pg8000 sends every statement in three trips, to be parsed, described and run. Here all of that goes together; and one
that is met again gets a name, by which the server runs it without reading or planning it again. Names are made of what
they stand for: whoever comes to a connection that others used before finds either nothing under a name, or the same.

This uses the parts that pg8000's own methods are made of, so its minor version is fixed.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from pg8000.converters import make_params
from pg8000.core import CLOSE, NULL_BYTE, STATEMENT, SYNC_MSG, Context, _flush, _write
from pg8000.legacy import Connection, DatabaseError
from sqlalchemy import Engine, event

# More than we have that are run often; some have as many forms as there are lengths of their lists.
_MOST = 256
_PLAN_CHANGED, _NAME_LOST = "0A000", "26000"
_Key = tuple[str, tuple[int, ...]]


class PreparingConnection(Connection):  # type: ignore[misc]  # pg8000 has no types
    """A connection of pg8000 that gives a name to each statement that it runs for the second time.

    Args:
        arguments: Of pg8000's own,
        naming: Whether it gives names at all.
        named: As ``arguments``.
    """

    def __init__(self, *arguments: Any, naming: bool, **named: Any) -> None:  # noqa: ANN401  pg8000's
        self._naming = naming
        # The latest: columns of those that have a name, and how they are read; None for those that were run once.
        self._met: OrderedDict[_Key, tuple[Any, Any] | None] = OrderedDict()
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
        key, values = (statement, tuple(oids)), make_params(self.py_types, vals)
        if not self._naming or key not in self._met:
            self._meet(key)
            return self._parsed(key, values, NULL_BYTE)
        self._met.move_to_end(key)
        described = self._met[key]
        if described is None:
            return self._named(key, values)
        try:
            return self.execute_named(_name(key), values, *described, statement)
        except DatabaseError as error:
            if not self._is_stale(key, error) or self._in_transaction:
                raise
            return self._parsed(key, values, NULL_BYTE)

    def _meet(self, key: _Key) -> None:
        if self._naming:
            if len(self._met) >= _MOST:
                self._forget(next(iter(self._met)))
            self._met[key] = None

    def _parsed(self, key: _Key, values: Sequence[Any], name: bytes) -> Context:
        """Have a statement parsed, described and run in one trip."""
        statement, oids = key
        context = Context(statement)
        self.send_PARSE(name, statement, oids)
        self.send_DESCRIBE_STATEMENT(name)
        self.send_BIND(name, values)
        self.send_EXECUTE()
        _write(self._sock, SYNC_MSG)
        _flush(self._sock)
        self.handle_messages(context)
        return context

    def _named(self, key: _Key, values: Sequence[Any]) -> Context:
        # What bears the name already: this, where it could not be run the last time, or whoever had the connection.
        self._send_message(CLOSE, STATEMENT + _name(key))
        context = self._parsed(key, values, _name(key))
        self._statement_nums.add(_name(key))
        self._met[key] = context.columns, context.input_funcs
        return context

    def _is_stale(self, key: _Key, error: DatabaseError) -> bool:
        """Return whether a name is good for nothing any more; then it is forgotten."""
        code = error.args[0].get("C")
        if code == _PLAN_CHANGED:  # the schema is another
            self._forget(key)
        elif code == _NAME_LOST:  # somebody between us and the server
            del self._met[key]
        return code in {_PLAN_CHANGED, _NAME_LOST}

    def _forget(self, key: _Key) -> None:
        if self._met.pop(key) is not None:
            self.close_prepared_statement(_name(key))


def _name(key: _Key) -> bytes:
    return f"e_{hashlib.sha256(repr(key).encode()).hexdigest()[:32]}\0".encode()


def in_one_trip(engine: Engine, *, naming: bool) -> None:
    """Have an engine with pg8000 run statements in one trip each.

    Args:
        engine: Has no connections yet.
        naming: Whether what is run again is prepared.
    """

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Sequence[Any], named: dict[str, Any]) -> Connection:  # noqa: ANN401
        return PreparingConnection(*arguments, naming=naming, **named)
