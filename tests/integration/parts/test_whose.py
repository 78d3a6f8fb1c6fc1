"""A role that serves has months made and vacuums them, and comes to no part past the whole."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from explainer.errors import BusyError, ConflictError
from explainer.service.months import MonthsAhead
from explainer.storage.base import now
from explainer.storage.clearing import clear
from explainer.storage.grants import grant_service
from explainer.storage.months import make_months, month_note
from tests.integration.parts.acting import (
    REST,
    ROLE,
    UNDATED,
    ask,
    explainer_of,
    month_on,
    part_of,
    parts,
    this_month,
    where_they_lie,
    without,
    without_this_month,
)


@pytest.fixture
def serving(database, as_role):
    grant_service(database, ROLE)
    return as_role(ROLE)


def test_it_serves_from_parts_that_it_may_not_touch(serving, database, model):
    (row,) = explainer_of(serving, model).explain_top("u1", 1)
    assert where_they_lie(database) == {row.id: this_month()}
    for part in (this_month(), REST, UNDATED):
        for statement in (
            "SELECT 1 FROM {}",
            "INSERT INTO {} SELECT * FROM explanations",
            "UPDATE {} SET text = 'x'",
            "DELETE FROM {}",
            "TRUNCATE {}",
            "DROP TABLE {}",
            "ALTER TABLE explanations DETACH PARTITION {}",
        ):
            with serving.engine.connect() as connection, pytest.raises(DBAPIError, match=r"permission denied|be owner"):
                connection.execute(text(statement.format(part)))


def test_it_has_the_month_made_that_nobody_made(serving, database, model):
    without_this_month(database)
    MonthsAhead(serving).look()
    assert this_month() in parts(database)
    (row,) = explainer_of(serving, model).explain_top("u1", 1)
    assert where_they_lie(database) == {row.id: this_month()}


def test_it_vacuums_every_part_of_the_explanations_and_those_made_since(serving, database, model):
    without_this_month(database)
    MonthsAhead(serving).look()
    before = vacuumed(database)
    explainer_of(serving, model).explain_top("u1", 1)
    clear(serving, ["explanations"])
    after = vacuumed(database)
    assert {name for name in after if after[name] > before[name]} == parts(database)


def vacuumed(database):
    with database.engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
    found = "SELECT relname, vacuum_count FROM pg_stat_user_tables WHERE relname LIKE 'explanations\\_%'"
    return dict(map(tuple, ask(database, found)))


def test_a_table_of_the_caller_s_own_of_that_name_is_not_taken_for_ours(serving, database):
    without_this_month(database)
    with serving.engine.begin() as connection:
        connection.execute(text(f"CREATE TEMP TABLE {this_month()} (id varchar(36))"))
        connection.execute(text("CREATE TEMP TABLE explanations (id varchar(36)) PARTITION BY RANGE (id)"))
        connection.execute(text("SET LOCAL search_path = pg_temp, public"))
        while connection.scalar(text("SELECT public.explanations_make_months(3)")):
            pass
    assert this_month() in parts(database)


def test_who_may_not_make_months_goes_on_without_and_says_so_once(database, as_role, caplog):
    stranger = as_role("stranger")
    make_months(stranger.engine)  # none is missing
    without_this_month(database)
    clock = Clock()
    months = MonthsAhead(stranger, clock)
    for _ in range(3):
        months.look()
        clock.at += 3600
    (told,) = warnings(caplog)
    assert "this role may not" in told and f"{now():%Y-%m}" in told and "explainer migrate --grant-to" in told
    with stranger.look() as connection:
        assert "explanations_rest" in month_note(connection)
    with stranger.engine.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text("SELECT explanations_make_months(3)"))
    assert this_month() not in parts(database)


class Clock:
    at = 0.0

    def __call__(self):
        return self.at


def warnings(caplog):
    return [one.getMessage() for one in caplog.records if one.levelname == "WARNING" and "months" in one.name]


def test_months_wait_for_no_reader_and_are_made_soon_after(serving, database, caplog):
    without_this_month(database)
    clock = Clock()
    months = MonthsAhead(serving, clock)
    with serving.engine.connect() as reading:
        reading.execute(text("SELECT count(*) FROM explanations"))
        months.look()
        assert reading.scalar(text("SELECT count(*) FROM explanations")) == 0
    months.look()  # not at once again
    assert this_month() not in parts(database)
    clock.at += 10
    months.look()
    assert this_month() in parts(database)
    assert warnings(caplog) == []


def test_an_hour_without_a_free_moment_is_told_once_with_the_reason(serving, database, caplog):
    without_this_month(database)
    clock = Clock()
    months = MonthsAhead(serving, clock)
    with serving.engine.connect() as reading:
        reading.execute(text("SELECT count(*) FROM explanations"))
        for _ in range(370):
            clock.at += 10
            months.look()
    (told,) = warnings(caplog)
    assert "could not obtain lock" in told and "explanations_rest" in told


@pytest.mark.parametrize("mode", ["ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "ACCESS EXCLUSIVE"])
def test_whatever_table_somebody_holds_it_never_waits(serving, database, mode):
    """Who holds locks and waits for more can be in a circle, of which PostgreSQL ends one."""
    without_this_month(database)
    refused = set()
    with database.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
    for table in tables:
        with database.engine.begin() as holding:
            holding.execute(text(f"LOCK TABLE ONLY {table} IN {mode} MODE"))
            with serving.engine.connect() as connection:
                try:
                    assert connection.scalar(text("SELECT explanations_make_months(3)"))
                except DBAPIError as error:
                    assert "could not obtain lock" in str(error.orig), table
                    refused.add(table)
    assert {REST, "items", "evidence"} <= refused < set(tables)
    assert ("explanations" in refused) == (mode != "ROW EXCLUSIVE")  # which others write to meanwhile


def test_a_call_makes_one_month_and_says_whether_to_call_again(serving, database):
    without(database, *(part_of(month_on(number)) for number in (0, 2)))
    before, said = parts(database), []
    for _ in range(3):
        with serving.engine.begin() as connection:
            said.append((connection.scalar(text("SELECT explanations_make_months(3)")), len(parts(database))))
    many = len(before)
    assert said == [(True, many), (True, many + 1), (False, many + 2)]


def test_months_are_made_once_however_many_make_them(serving, database):
    without_this_month(database)
    with database.engine.begin() as first:
        first.execute(text("SELECT explanations_make_months(3)"))
        with pytest.raises(BusyError, match="could not obtain lock"):
            make_months(serving.engine)
        database.migrate()  # which is more than that, and does not fail for it
    MonthsAhead(serving).look()
    assert this_month() in parts(database)


def test_nobody_but_an_owner_takes_the_function_s_place(serving):
    statement = (
        "CREATE OR REPLACE FUNCTION explanations_make_months(ahead integer) RETURNS boolean LANGUAGE sql AS '{}'"
    )
    with pytest.raises(ConflictError, match=r"permission denied|be owner"), serving.session() as session:
        session.connection().exec_driver_sql(statement.format("SELECT 1"))
