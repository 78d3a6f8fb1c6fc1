"""Rows of the index in PostgreSQL: written once, kept up to date, and missed or mended where somebody altered them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy import make_url, text

from explainer.cli import main
from explainer.errors import NotReadyError
from explainer.storage.database import Database
from explainer.storage.vectors.nearest import PgVectorIndex, PgVectorMaker
from explainer.storage.vectors.space import HnswConfig
from explainer.storage.vectors.table import make_table
from tests.contract.test_index import random_rows
from tests.contract.vectors import GRAPH, space


def indexes(database, dimensions):
    with database.engine.connect() as connection:
        name = text("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%hnsw%' AND indexname LIKE :end")
        return connection.scalar(name, {"end": f"%\\_{dimensions}\\_{GRAPH.m}\\_{GRAPH.ef_construction}"})


def test_new_items_are_written_and_the_others_are_not_again(database):
    rows, name = random_rows(300), space()
    maker = PgVectorMaker(database, name, GRAPH)
    maker(rows[:280])
    with database.engine.connect() as connection:
        before = dict(
            connection.execute(
                text("SELECT position, xmin::text FROM item_embeddings WHERE space = :s"), {"s": name}
            ).all()
        )
    assert maker(rows).nearest(rows[290:291], 1)[0].tolist() == [[290]]
    PgVectorMaker(database, name, GRAPH)(rows)  # another process
    with database.engine.connect() as connection:
        after = dict(
            connection.execute(
                text("SELECT position, xmin::text FROM item_embeddings WHERE space = :s"), {"s": name}
            ).all()
        )
    assert len(after) == 300
    assert {position: after[position] for position in before} == before


def test_an_item_described_anew_is_found_as_it_is_now(database):
    rows, name = random_rows(300), space()
    PgVectorMaker(database, name, GRAPH)(rows)
    rows = rows.copy()
    rows[7] = -rows[7]
    assert PgVectorMaker(database, name, GRAPH)(rows).nearest(rows[7:8], 1)[0].tolist() == [[7]]


def test_a_process_that_knows_fewer_items_finds_none_of_the_others(database):
    rows, name = random_rows(400), space()
    PgVectorMaker(database, name, GRAPH)(rows)
    positions, _ = PgVectorMaker(database, name, GRAPH)(rows[:300]).nearest(rows[350:360], 120)
    assert positions.max() < 300


def test_many_processes_at_once_store_the_same_once(database):
    rows, name = random_rows(500), space()
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: PgVectorMaker(database, name, GRAPH)(rows), range(6)))
    assert all(np.array_equal(index.nearest(rows[:3], 1)[0], [[0], [1], [2]]) for index in made)


def test_an_encoder_that_gives_another_width_replaces_what_its_name_had(database):
    name = space()
    PgVectorMaker(database, name, GRAPH)(random_rows(200, 19))
    PgVectorMaker(database, name, GRAPH)(random_rows(120, 23))
    assert (indexes(database, 19), indexes(database, 23)) == (0, 1)
    assert PgVectorIndex(database, name, 120, 23, GRAPH).nearest(random_rows(2, 23), 100)[0].shape == (2, 100)


@pytest.mark.parametrize("config", [GRAPH, HnswConfig()])
def test_a_row_of_another_width_is_mended_and_harms_no_search(database, config):
    rows, name = random_rows(200), space()
    index = PgVectorMaker(database, name, config)(rows)
    with database.session() as session:
        mine = {"s": name}
        session.execute(
            text("UPDATE item_embeddings SET embedding = '[1,0,0]' WHERE position = 9 AND space = :s"), mine
        )
    with pytest.raises(NotReadyError, match="start again"):
        index.nearest(rows[9:10], 200)
    assert 9 not in index.nearest(rows[9:10], 20)[0]
    assert PgVectorMaker(database, name, config)(rows).nearest(rows[9:10], 1)[0].tolist() == [[9]]


def test_embeddings_that_somebody_removed_are_missed(database):
    rows, name = random_rows(300), space()
    index = PgVectorMaker(database, name, GRAPH)(rows)
    with database.session() as session:
        session.execute(text("DELETE FROM item_embeddings WHERE space = :s AND position > 5"), {"s": name})
    with pytest.raises(NotReadyError, match="start again"):
        index.nearest(rows[:1], 50)


def test_without_the_table_it_says_what_to_do(postgresql, tmp_path):
    bare = Database(postgresql.new())
    with pytest.raises(NotReadyError, match="explainer migrate"):
        PgVectorMaker(bare, "hash")(random_rows(3))
    bare.engine.dispose()
    with pytest.raises(NotReadyError, match="needs PostgreSQL, and the database is sqlite"):
        PgVectorMaker(Database(f"sqlite:///{tmp_path / 'x.db'}"), "hash")(random_rows(3))


def test_a_database_that_refuses_the_extension_still_migrates(postgresql):
    mine, role = Database(postgresql.new()), postgresql.role("poor")
    with mine.session() as session:
        session.execute(text(f'GRANT ALL ON SCHEMA public TO "{role}"'))
    mine.engine.dispose()
    poor = Database(make_url(mine.url).set(username=role).render_as_string(hide_password=False))
    poor.migrate()
    poor.require_current()
    with poor.engine.begin() as connection:
        assert "permission denied" in make_table(connection)
        assert connection.scalar(text("SELECT 1")) == 1
    environment = {"EXPLAINER_DATABASE_URL": poor.url, "EXPLAINER_INDEX": "pgvector"}
    told = CliRunner().invoke(main, ["migrate"], env=environment)
    assert told.exit_code == 1, "who wants the index hears of it before the service starts"
    assert "leave EXPLAINER_INDEX at memory" in " ".join(told.output.replace("│", " ").split())
    poor.engine.dispose()
