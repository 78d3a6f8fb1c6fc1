"""Small lookups: for many values by few statements, the same rows as one by one, whatever the values are."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from explainer.storage.catalogue_tables import ItemRow
from explainer.storage.database import Database
from explainer.storage.lookups import VALUES, Lookup

STORED = [f"i{number}" for number in range(200)] + ["", "ä", "汉", "%s", "$1", "'; --", "a:b"]
TITLES = Lookup(select(ItemRow.id, ItemRow.title).where(ItemRow.id.in_(VALUES)))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stored(request, tmp_path_factory):
    on_sqlite = request.param == "sqlite"
    folder = tmp_path_factory.mktemp("lookups")
    url = f"sqlite:///{folder / 'rows.db'}" if on_sqlite else request.getfixturevalue("postgresql").new()
    made = Database(url)
    made.migrate()
    with made.session() as session:
        session.add_all(
            ItemRow(id=one, position=place, title=f"name of {one}", aspects=[], text="", phrases=[])
            for place, one in enumerate(STORED)
        )
    yield made
    made.engine.dispose()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.sampled_from(STORED) | st.text(max_size=5).filter(str.isprintable), max_size=150))
def test_many_values_find_what_each_of_them_finds(stored, asked):
    with stored.look() as connection:
        found = TITLES.find(connection, asked)
        alone = {one: row for one in set(asked) for row in TITLES.find(connection, [one]).values()}
    assert found == alone == {one: (one, f"name of {one}") for one in set(asked) & set(STORED)}


def test_what_no_text_holds_finds_nothing_and_harms_nobody_beside_it(stored):
    with stored.look() as connection:
        assert TITLES.find(connection, ["i1", "\0", "i\x001"]) == {"i1": ("i1", "name of i1")}
        assert TITLES.find(connection, ["\0"]) == TITLES.find(connection, []) == {}


def test_many_values_take_few_statements(stored):
    if stored.engine.dialect.name != "sqlite":
        pytest.skip("on PostgreSQL statements go past the events that are counted here")
    run = []
    with stored.look() as connection:
        event.listen(connection, "before_cursor_execute", lambda *told: run.append(told[2]))
        for count in range(1, 65):
            TITLES.find(connection, STORED[:count])
    assert len(run) == 64
    assert len(set(run)) == 7, "1, 2, 4 … 64 values"
