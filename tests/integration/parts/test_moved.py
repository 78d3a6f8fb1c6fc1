"""What was stored before explanations lay by months is there afterwards, and before again."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import select, text

from explainer.audit.check import check_log
from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import verify
from explainer.errors import ConflictError
from explainer.service.audited import KEPT
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.storage.base import now
from explainer.storage.database import Database, _alembic
from explainer.storage.ids import id_at
from explainer.storage.months import AHEAD
from explainer.storage.personal import Base
from tests.integration.parts.acting import (
    REST,
    ROLE,
    UNDATED,
    ask,
    explainer_of,
    made_at,
    month_on,
    part_of,
    parts,
    run,
    this_month,
    where_they_lie,
)

_BEFORE = "0018"
_SINCE = {
    *("processes.trouble", "processes.signer", "processes.checkpoints", "starts.place", "promises.user_id"),
    *("corpus_lines.line", "erasures.lines", "erasures.adapters"),
    *("retentions.kind", "retentions.before", "retentions.seal"),
}
_TABLES_SINCE = {"staff", "secrets"}  # a later one makes a key
# As random ones are: most lie behind all months, few before them, and hardly any where a month is.
_RANDOM = {
    "ffffffff-0000-4000-8000-000000000000": UNDATED,
    "03000000-0000-4000-8000-000000000000": UNDATED,
    "02ffffff-ffff-4fff-bfff-ffffffffffff": REST,
    "00000000-0000-4000-8000-000000000000": REST,
}


@pytest.fixture
def old(own, model, monkeypatch):
    """A database with explanations, feedback and a role that serves, as it was before months."""
    ids = {**_RANDOM, id_at(now()): this_month()}
    given = iter(ids)
    explainer = explainer_of(own, model)
    with monkeypatch.context() as before:
        before.setattr("explainer.rows.id_at", lambda _: next(given))
        for user, number in (("u1", 2), ("u2", 2), ("u3", 1)):
            explainer.explain_top(user, number)
    for one in ids:
        give_feedback(own, one, FeedbackKind.WRONG, "said", "")  # by nobody: ids of staff came later
    command.downgrade(_alembic(own.url), _BEFORE)
    run(own, f'GRANT SELECT, INSERT ON explanations TO "{ROLE}"', f'GRANT DELETE ON explanations TO "{ROLE}"')
    run(own, 'GRANT SELECT ON explanations TO "stranger" WITH GRANT OPTION')
    own.engine.dispose()
    return Database(own.url), ids


def all_rows(database):
    """Return every row of every table, without columns and tables that later migrations add to, or make."""
    with database.engine.connect() as connection:
        return {
            table.name: sorted(
                map(repr, connection.execute(select(*(one for one in table.columns if str(one) not in _SINCE))))
            )
            for table in Base.metadata.sorted_tables
            if table.name not in _TABLES_SINCE
        }


def whole(database):
    with database.session() as session:
        verify(stored_entries(session), [], StoredNodes(session))
        return check_log(session, KEPT).sound


def test_rows_are_kept_and_lie_where_their_ids_say(old):
    database, ids = old
    before = all_rows(database)
    assert len(before["explanations"]) == len(before["feedback"]) == len(ids)
    assert ask(database, "SELECT relkind::text FROM pg_class WHERE relname = 'explanations'") == [("r",)]
    database.migrate()
    assert all_rows(database) == before
    assert where_they_lie(database) == ids
    assert whole(database)


def random_at(moment):
    """Return an id as random ones are that falls in a month by chance."""
    one = id_at(moment)
    return f"{one[:14]}4{one[15:]}"


def test_a_month_to_come_that_an_old_random_id_falls_in_can_be_made_and_has_its_own(old):
    database, ids = old
    month = month_on(AHEAD + 1)
    like, before = next(iter(ids)), random_at(month)
    made_at(database, now(), like, new=before, fingerprint="f")
    database.migrate()
    assert where_they_lie(database) == ids | {before: part_of(month)}
    while make_one(database, AHEAD + 2):
        pass
    assert {part_of(month_on(number)) for number in range(AHEAD + 3)} <= parts(database)
    new = made_at(database, month, like)
    assert where_they_lie(database)[new] == part_of(month)


def test_old_ids_in_more_months_than_are_made_for_them_stay_behind_the_last_one(old):
    database, ids = old
    months = [month_on(AHEAD + 1 + number) for number in range(62)]
    like = next(iter(ids))
    before = {made_at(database, now(), like, new=random_at(one), fingerprint=f"{one}"): one for one in months}
    database.migrate()
    lie = where_they_lie(database)
    assert [lie[one] for one in before] == [*map(part_of, months[:60]), UNDATED, UNDATED]
    assert lie["02ffffff-ffff-4fff-bfff-ffffffffffff"] == UNDATED
    assert make_one(database, AHEAD + 70) is False
    assert where_they_lie(database) == lie


def make_one(database, ahead):
    with database.engine.begin() as connection:
        return connection.scalar(text("SELECT explanations_make_months(:ahead)"), {"ahead": ahead})


def test_keys_and_indexes_hold_as_before_in_every_part(old):
    database, ids = old
    counted = "SELECT count(*) FROM pg_constraint WHERE confrelid = 'explanations'::regclass AND conparentid = 0"
    ((keys,),) = ask(database, counted)
    indexes = "SELECT indexname FROM pg_indexes WHERE tablename = 'explanations' ORDER BY 1"
    before = ask(database, indexes)
    database.migrate()
    assert (ask(database, counted), ask(database, indexes)) == ([(keys,)], before)
    assert keys == 7
    ((many,),) = ask(
        database, "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'explanations'::regclass"
    )
    assert many == 4
    for part in parts(database):
        ((number,),) = ask(database, f"SELECT count(*) FROM pg_indexes WHERE tablename = '{part}'")
        assert number == len(before), part
    for one in ids:
        with pytest.raises(ConflictError, match="foreign key"), database.session() as session:
            session.execute(text(f"DELETE FROM explanations WHERE id = '{one}'"))
        with pytest.raises(ConflictError, match="duplicate"), database.session() as session:
            session.execute(text(f"INSERT INTO explanations SELECT * FROM explanations WHERE id = '{one}'"))


def test_who_could_read_and_write_still_can_and_not_past_the_whole(old):
    database, _ = old
    database.migrate()
    rights = (
        "SELECT has_table_privilege('{0}', '{1}', 'SELECT'), has_table_privilege('{0}', '{1}', 'INSERT'), "
        "has_table_privilege('{0}', '{1}', 'DELETE'), has_table_privilege('{0}', '{1}', 'UPDATE')"
    )
    assert ask(database, rights.format(ROLE, "explanations")) == [(True, True, True, False)]
    assert ask(database, rights.format("stranger", "explanations")) == [(True, False, False, False)]
    assert ask(database, "SELECT has_table_privilege('stranger', 'explanations', 'SELECT WITH GRANT OPTION')") == [
        (True,)
    ]
    for part in parts(database):
        for role in (ROLE, "stranger"):
            assert ask(database, rights.format(role, part)) == [(False,) * 4]


def test_it_goes_down_with_what_came_since_and_up_again(old, model):
    database, ids = old
    database.migrate()
    (later,) = explainer_of(database, model).explain_items("u4", ["i1"])
    before = all_rows(database)
    database.engine.dispose()
    command.downgrade(_alembic(database.url), _BEFORE)
    assert all_rows(database) == before
    left = ask(database, "SELECT relname FROM pg_class WHERE relname LIKE 'explanations%' AND relkind IN ('r', 'p')")
    assert left == [("explanations",)]
    assert ask(database, "SELECT proname FROM pg_proc WHERE proname LIKE 'explanations%'") == []
    database.engine.dispose()
    database.migrate()
    assert all_rows(database) == before
    assert where_they_lie(database) == ids | {later.id: this_month()}
    assert whole(database)


def test_a_migration_that_breaks_off_leaves_all_as_it_was(old):
    database, _ = old
    before = all_rows(database)
    run(database, "CREATE TABLE explanations_rest (id integer)")  # in the way of its last steps
    with pytest.raises(Exception, match="explanations_rest"):
        database.migrate()
    database.engine.dispose()
    assert all_rows(database) == before
    run(database, "DROP TABLE explanations_rest")
    database.migrate()
    assert all_rows(database) == before
