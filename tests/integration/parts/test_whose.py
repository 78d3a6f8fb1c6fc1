"""A role that serves has months made and vacuums them, and comes to no part past the whole."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from explainer.errors import BusyError, ConflictError
from explainer.service.months import MonthsAhead
from explainer.storage.clearing import clear
from explainer.storage.grants import grant_service
from explainer.storage.months import make_months, month_note
from tests.integration.parts.acting import (
    REST,
    ROLE,
    UNDATED,
    ask,
    explainer_of,
    parts,
    this_month,
    where_they_lie,
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
        connection.execute(text("SELECT public.explanations_make_months(3)"))
    assert this_month() in parts(database)


def test_who_may_not_make_months_goes_on_without(database, as_role):
    without_this_month(database)
    stranger = as_role("stranger")
    make_months(stranger.engine)
    with stranger.look() as connection:
        assert "explanations_rest" in month_note(connection)
    with stranger.engine.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text("SELECT explanations_make_months(3)"))
    assert this_month() not in parts(database)


def test_months_wait_for_those_who_read_and_write_and_not_the_other_way_round(serving, database, model):
    """Whoever makes them gives up before PostgreSQL would look for whom to end."""
    without_this_month(database)
    with serving.engine.connect() as reading:
        reading.execute(text("SELECT count(*) FROM explanations"))
        months = MonthsAhead(serving)
        with pytest.raises(BusyError, match="lock timeout"):
            months.look()
        months.look()  # not again before an hour has gone
        (row,) = explainer_of(serving, model).explain_top("u1", 1)
        assert reading.scalar(text("SELECT count(*) FROM explanations")) == 1
    assert where_they_lie(database) == {row.id: REST}


def test_months_are_made_once_however_many_make_them(serving, database):
    without_this_month(database)
    with database.engine.begin() as first:
        first.execute(text("SELECT explanations_make_months(3)"))
        with pytest.raises(BusyError, match="lock timeout"):
            MonthsAhead(serving).look()
        database.migrate()  # which is more than that, and does not fail for it
    MonthsAhead(serving).look()
    assert this_month() in parts(database)


def test_nobody_but_an_owner_takes_the_function_s_place(serving):
    statement = (
        "CREATE OR REPLACE FUNCTION explanations_make_months(ahead integer) RETURNS integer LANGUAGE sql AS '{}'"
    )
    with pytest.raises(ConflictError, match=r"permission denied|be owner"), serving.session() as session:
        session.connection().exec_driver_sql(statement.format("SELECT 1"))
