"""What was kept before it was known whose it is: idempotency keys, and looks at everybody's records."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import select, text

from explainer.access import Caller
from explainer.service.views import Looker, note_look
from explainer.storage.database import Database, _alembic
from explainer.storage.explanation_tables import PromiseRow
from explainer.storage.reading_tables import ViewRow
from tests.integration.erasure.acting import U, checked, held

_OLD = (
    "INSERT INTO promises (caller, key, body, explanations, created_at) VALUES ('app', :key, 'b', :made, '2026-01-01')"
)


@pytest.mark.both
def test_keys_go_with_whom_they_are_about_and_a_star_is_nobody(explainer, database):
    (row,) = explainer.explain_top("u1", 1)
    with database.session() as session:
        for whose, what in ((None, "download"), ("u1", "behaviours")):  # by nobody: ids of staff came later than this
            note_look(session, Looker(Caller("", U, frozenset(), None)), whose, what)
    database.engine.dispose()
    command.downgrade(_alembic(database.url), "0022")
    old = Database(database.url)
    with old.engine.begin() as connection:
        assert sorted(connection.scalars(text("SELECT subject FROM views"))) == ["*", "u1"]
        for key, made in (("hers", f'["{row.id}"]'), ("killed", "null"), ("empty", "[]"), ("gone", '["x"]')):
            connection.execute(text(_OLD), {"key": key, "made": made})
    old.migrate()
    old.engine.dispose()
    with database.session() as session:
        kept = session.execute(select(PromiseRow.key, PromiseRow.user_id)).all()
        assert [tuple(one) for one in kept] == [("hers", "u1")]
        assert set(session.scalars(select(ViewRow.subject))) == {None, "u1"}
    assert held(database, "u1")["promises"] == 1
    assert checked(database).sound
