"""The index in PostgreSQL: the same promises, and what only a database can do wrong when it searches."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import event, text

from explainer.storage import catalogue
from explainer.storage.vectors import nearest
from explainer.storage.vectors.nearest import PgVectorIndex, PgVectorMaker, Wanted
from explainer.storage.vectors.space import HnswConfig
from retriever.data import CleaningReport, Dataset, Item
from retriever.index import ExactIndex
from tests.conftest import rating
from tests.contract.test_index import IndexContract, clusters, random_rows
from tests.contract.vectors import GRAPH, space


class TestPgVectorIndex(IndexContract):
    @pytest.fixture(autouse=True)
    def _database(self, database):
        self.database = database

    def make(self, rows):
        return PgVectorMaker(self.database, space(), GRAPH)(rows)


class TestPgVectorIndexOfFew(IndexContract):
    """Below a size it looks at every row, and the answer is the exact one."""

    @pytest.fixture(autouse=True)
    def _database(self, database):
        self.database = database

    def make(self, rows):
        return PgVectorMaker(self.database, space(), HnswConfig(exact_up_to=10_000))(rows)

    def test_finds_what_the_exact_index_finds(self):
        rows, queries = random_rows(700), random_rows(20, seed=1)
        assert self.make(rows).recall == 1
        assert np.array_equal(self.make(rows).nearest(queries, 30)[0], ExactIndex(rows).nearest(queries, 30)[0])


def test_a_graph_of_other_settings_takes_the_place_of_the_one_before(database):
    rows, name = clusters(300), space()
    for m in (8, GRAPH.m):
        PgVectorMaker(database, name, HnswConfig(exact_up_to=0, m=m))(rows)
        with database.engine.connect() as connection:
            mine = text("SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%hnsw%' AND indexdef LIKE :name")
            (made,) = connection.scalars(mine, {"name": f"%{name.replace(chr(39), chr(39) * 2)}%"})
        assert f"m='{m}'" in made


def test_of_items_that_are_equally_near_the_first_are_found_where_all_are_looked_at(database):
    rows = np.repeat(random_rows(1), 300, axis=0)
    shuffled = np.random.default_rng(0).permutation(300)
    index = PgVectorMaker(database, space(), HnswConfig(exact_up_to=10_000))(rows)
    with database.engine.begin() as connection:  # as they lie in the table says nothing
        for position in shuffled[:50].tolist():
            moved = "UPDATE item_embeddings SET position = position WHERE position = :at AND space = :space"
            connection.execute(text(moved), {"at": position, "space": index._space})
    assert index.nearest(rows[:1], 20)[0][0].tolist() == list(range(20))


def test_a_look_is_never_compiled(database):
    for _ in range(2):  # nor when the connection comes back from the pool
        with database.look() as connection:
            assert connection.scalar(text("SHOW jit")) == "off"


def test_the_graph_is_what_answers(database):
    rows = clusters(3000)
    index = PgVectorMaker(database, space(), GRAPH)(rows)
    seen = []
    with database.engine.connect() as connection:
        connection.execute(text("SELECT 1"))

    def explained(connection, cursor, statement, parameters, context, many):
        if "LATERAL" in statement:
            cursor.execute("EXPLAIN " + statement, parameters)
            seen.extend(line for (line,) in cursor.fetchall())
        return statement, parameters

    event.listen(database._reader, "before_cursor_execute", explained, retval=True)
    index.nearest(rows[:1], 10)
    event.remove(database._reader, "before_cursor_execute", explained)
    assert any("Index Scan using ix_item_embeddings" in line for line in seen), seen


@pytest.fixture(scope="module")
def shop(database):
    """1,500 items, of which each hundredth is rare, and a user who has met the nearest 400 to the first."""
    rows = clusters(1500, seed=5)
    items = tuple(Item(f"i{n}", f"Thing {n}", ("rare", "a?b") if n % 100 == 0 else ("usual",)) for n in range(1500))
    met, _ = ExactIndex(rows).nearest(rows[:1], 400)
    behaviours = tuple(rating("collector", f"i{at}", 4.0) for at in met[0])
    with database.session() as session:
        catalogue.ingest(session, Dataset("d", "shop", items, behaviours), CleaningReport(), lambda _: None)
    return rows, set(met[0].tolist()), PgVectorMaker(database, "shop", HnswConfig(exact_up_to=0, ef_search=40))(rows)


@pytest.mark.parametrize(
    ("wanted", "k", "number"),
    [
        (Wanted(), 100, 100),
        (Wanted(aspect="rare"), 10, 10),
        (Wanted(aspect="rare"), 100, 15),
        (Wanted(aspect="a?b"), 15, 15),
        (Wanted(aspect="none'; DROP TABLE items; --"), 10, 0),
        (Wanted(unmet_by="collector"), 100, 100),
        (Wanted(unmet_by="collector"), 1500, 1100),
        (Wanted(unmet_by="nobody"), 10, 10),
        (Wanted(unmet_by="collector", aspect="usual"), 300, 300),
    ],
)
def test_a_filtered_search_finds_all_that_were_asked_for_and_are_there(shop, wanted, k, number):
    rows, met, index = shop
    positions, cosines = index.nearest_among(rows[0], k, wanted)
    assert len(positions) == len(set(positions.tolist())) == len(cosines) == number
    assert (np.diff(cosines) <= 0).all()
    if wanted.unmet_by == "collector":
        assert not met & set(positions.tolist())
    if wanted.aspect in {"rare", "a?b"}:
        assert (positions % 100 == 0).all()


def test_a_filtered_search_finds_the_nearest_of_the_wanted(shop):
    rows, met, index = shop
    left = np.array([n for n in range(1500) if n not in met])
    truth, _ = ExactIndex(rows[left]).nearest(rows[:1], 50)
    found, _ = index.nearest_among(rows[0], 50, Wanted(unmet_by="collector"))
    assert len(set(found.tolist()) & set(left[truth[0]].tolist())) >= 48


@pytest.fixture
def graph_alone(database, monkeypatch):
    """The planner takes the graph, whatever it knows of so few rows; who finds too few by it gets an error."""
    by_graph_alone = PgVectorIndex._ask

    def ask(self, connection, rows, k, wanted, *, by_graph):
        if not by_graph:
            raise LookupError("the graph found too few")
        return by_graph_alone(self, connection, rows, k, wanted, by_graph=by_graph)

    def planned(_, cursor, *__):
        cursor.execute("SET enable_sort = off")
        cursor.execute("SET plan_cache_mode = force_custom_plan")  # one for any space has no space's graph

    monkeypatch.setattr(PgVectorIndex, "_ask", ask)
    event.listen(database._reader, "before_cursor_execute", planned)
    yield
    event.remove(database._reader, "before_cursor_execute", planned)
    database._reader.dispose()


def test_the_graph_is_searched_on_until_all_of_the_rare_are_found(shop, graph_alone):
    rows, _, index = shop
    for query in rows[50:60]:
        positions, _ = index.nearest_among(query, 10, Wanted(aspect="rare"))
        assert len(set(positions.tolist())) == 10
        assert (positions % 100 == 0).all()


def test_a_graph_that_is_not_searched_on_finds_too_few_of_the_rare(shop, graph_alone, monkeypatch):
    """Of the forty that it looks at, a hundredth is rare: the test above would pass by no other means."""
    rows, _, index = shop
    assert "'strict_order'" in nearest._SEARCHING
    monkeypatch.setattr(nearest, "_SEARCHING", nearest._SEARCHING.replace("strict_order", "off"))
    for query in rows[50:60]:
        with pytest.raises(LookupError, match="the graph found too few"):
            index.nearest_among(query, 10, Wanted(aspect="rare"))
