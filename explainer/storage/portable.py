"""What SQLite and PostgreSQL say differently: days, lengths of time, what lies in JSON. For counting in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Float, String, TableValuedAlias, case, cast, column, func, literal_column, null
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

_JULIAN_DAY_S = 86_400.0


class utc_day(FunctionElement[str]):  # noqa: N801  used as a function of SQL
    """The UTC day of a moment, as ``2026-11-30``."""

    type = String()
    name = "utc_day"
    inherit_cache = True


@compiles(utc_day)
def _day(element: utc_day, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"to_char(timezone('UTC', {compiler.process(element.clauses, **options)}), 'YYYY-MM-DD')"


@compiles(utc_day, "sqlite")
def _day_sqlite(element: utc_day, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return f"substr({compiler.process(element.clauses, **options)}, 1, 10)"  # kept in UTC, as text


class seconds_between(FunctionElement[float]):  # noqa: N801  likewise
    """Seconds from one moment to another."""

    type = Float()
    name = "seconds_between"
    inherit_cache = True


@compiles(seconds_between)
def _seconds(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    start, end = (compiler.process(one, **options) for one in element.clauses)
    return f"extract(epoch from ({end} - {start}))"


@compiles(seconds_between, "sqlite")
def _seconds_sqlite(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    start, end = (compiler.process(one, **options) for one in element.clauses)
    return f"((julianday({end}) - julianday({start})) * {_JULIAN_DAY_S})"


def texts_in(held: InstrumentedAttribute[list[Any]], dialect: str) -> TableValuedAlias:
    """Return the texts of a list in JSON as rows with the column ``value``."""
    if dialect == "sqlite":
        return func.json_each(held).table_valued("value")
    return func.json_array_elements_text(held).table_valued(column("value", String))


def numbers_in(held: InstrumentedAttribute[dict[str, Any]], dialect: str) -> TableValuedAlias:
    """Return the numbers of an object in JSON as rows with the columns ``key`` and ``value``."""
    each = func.json_each if dialect == "sqlite" else func.json_each_text
    return each(held).table_valued("key", "value")


def parts_of(text: ColumnElement[str], dialect: str) -> TableValuedAlias:
    """Return what stands between "; " in a text as rows with the column ``value``; one empty part of an empty text."""
    if dialect == "sqlite":
        listed = func.replace(func.json_quote(text), literal_column("'; '"), literal_column("""'","'"""))
        return func.json_each(literal_column("'['").concat(listed).concat(literal_column("']'"))).table_valued("value")
    return func.string_to_table(text, literal_column("'; '")).table_valued(column("value", String)).render_derived()


def lists_in(held: ColumnElement[Any], key: str, dialect: str) -> tuple[TableValuedAlias, TableValuedAlias]:
    """Return what the lists hold that an object in JSON has under a key of its, as rows with the column ``value``.

    Returns:
        Rows of the lists, and rows of what is in each; both are joined, in this order.
    """
    if dialect == "sqlite":
        lists = func.json_each(held, f"$.{key}").table_valued("value", name="lists")
        return lists, func.json_each(lists.c.value).table_valued("value", name="listed")
    found = func.json_extract_path(held, key)
    objects = case((func.json_typeof(found) == "object", found), else_=null())
    lists = func.json_each(objects).table_valued("key", "value", name="lists")
    return lists, func.json_array_elements_text(lists.c.value).table_valued(column("value", String), name="listed")


def number(value: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a number that JSON may hold as text."""
    return cast(value, BigInteger)


def before(mark: str, text: ColumnElement[Any], dialect: str) -> ColumnElement[str]:
    """Return what stands in a text before the first such mark, which is ours; all where there is none."""
    # Literals: PostgreSQL takes two expressions for different ones if a parameter is in them, and groups by neither.
    first, one = literal_column(f"'{mark}'", String), literal_column("1", BigInteger)
    if dialect == "sqlite":
        return func.substr(text, one, func.instr(text.concat(first), first) - one, type_=String)
    return func.split_part(text, first, one, type_=String)
