"""Many rows at once, on SQLite and by COPY on PostgreSQL: the same rows, whatever is in them, and twice is once."""

from __future__ import annotations

import pytest
from sqlalchemy import event, func, select

from explainer.errors import ConflictError, ValueRefusedError
from explainer.storage import catalogue, copying
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.database import Database
from retriever.data import Aspect, AspectSource, Behaviour, BehaviourKind, CleaningReport, Dataset, Item
from tests.conftest import HOSTILE

TEXTS = (
    *HOSTILE,
    "tab\there",
    "back\\slash \\N \\. \\t",
    "\\N",
    "\\.",
    "line\r\nfeed",
    "",
    " ",
    "'; DROP TABLE items; --",
)


def whole(n, text):
    phrases = (Aspect(text or "x", AspectSource.TITLE),)
    return Item(f"i{n} {text}", text, (text, "noir"), None if n % 2 else 1900 + n, text, phrases, text)


@pytest.fixture
def strange():
    texts = [text.replace("\x00", "") for text in TEXTS]
    items = tuple(whole(n, text) for n, text in enumerate(texts))
    kinds = list(BehaviourKind)
    behaviours = tuple(
        Behaviour(
            f"b{n} {i.title}", f"u{i.title}", i.id, kinds[n % 9], None if n % 3 else 10**9, None if n % 2 else n / 3
        )
        for n, i in enumerate(items)
    )
    return Dataset("strange", "shop", items, behaviours)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'bulk.db'}")
        made.migrate()
        yield made
        made.engine.dispose()
    else:
        yield request.getfixturevalue("on_postgresql")


@pytest.fixture
def on_postgresql(postgresql):
    made = Database(postgresql.new())
    made.migrate()
    yield made
    made.engine.dispose()


def ingest(database, dataset):
    seen = []
    with database.session() as session:
        return *catalogue.ingest(session, dataset, CleaningReport(), seen.append), sum(seen)


def held(database):
    with database.session() as session:
        return catalogue.load_dataset(session)


def test_what_is_loaded_comes_back_and_twice_is_once(empty, strange):
    rows = len(strange.items)
    assert ingest(empty, strange) == (rows, rows, 2 * rows)
    assert held(empty).items == strange.items
    assert sorted(held(empty).behaviours, key=repr) == sorted(strange.behaviours, key=repr)
    assert ingest(empty, strange) == (0, 0, 2 * rows)
    more = (*strange.behaviours, Behaviour("new", "u", strange.items[0].id, BehaviourKind.VIEW))
    other = Item("later", "Later")
    grown = Dataset("strange", "shop", (*strange.items, other), more)
    assert ingest(empty, grown)[:2] == (1, 1)
    assert held(empty).items[-1] == other
    assert held(empty).content_hash == grown.content_hash


@pytest.fixture
def sent(monkeypatch):
    """What is streamed to a database: the statement, and the bytes that follow it."""
    found = []
    send = copying.copy_stream

    def spy(connection, statement, pieces):
        follow = list(pieces)
        found.append((statement, b"".join(follow)))
        send(connection, statement, follow)

    monkeypatch.setattr(copying, "copy_stream", spy)
    return found


def test_postgresql_is_sent_rows_by_copy_and_no_other_way(on_postgresql, strange, sent):
    assert on_postgresql.engine.url.drivername == "postgresql+pg8000"
    statements = []
    event.listen(on_postgresql.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    rows = len(strange.items)
    more = (*strange.behaviours, Behaviour("new", "u", "later", BehaviourKind.VIEW))
    grown = Dataset("strange", "shop", (*strange.items, Item("later", "Later")), more)
    assert [ingest(on_postgresql, one)[:2] for one in (strange, grown)] == [(rows, rows), (1, 1)]
    lines = [(statement.split(" (")[0], stream.count(b"\n")) for statement, stream in sent]
    assert lines == [
        ("COPY items", rows), ("COPY behaviours", rows),
        ("COPY coming_items", 1), ("COPY coming_behaviours", rows + 1),
    ]  # fmt: skip
    row_by_row = [one for one in statements if "VALUES" in one and one.startswith("INSERT INTO")]
    assert {one.split()[2] for one in row_by_row} == {"datasets"}


def test_sqlite_is_streamed_nothing(tmp_path, strange, sent):
    made = Database(f"sqlite:///{tmp_path / 'plain.db'}")
    made.migrate()
    assert ingest(made, strange)[0] == len(strange.items)
    made.engine.dispose()
    assert sent == []


def test_what_sqlite_holds_in_memory_is_as_before(tmp_path, strange):
    made = Database(f"sqlite:///{tmp_path / 'pages.db'}")
    made.migrate()
    with made.session() as session:
        before = session.connection().exec_driver_sql("PRAGMA cache_size").scalar()
        catalogue.ingest(session, strange, CleaningReport(), lambda _: None)
        assert session.connection().exec_driver_sql("PRAGMA cache_size").scalar() == before


def test_what_the_database_refuses_leaves_nothing(empty, strange):
    lost = Behaviour("lost", "u", "no such item", BehaviourKind.VIEW)
    with pytest.raises(ConflictError):
        ingest(empty, Dataset("strange", "shop", strange.items, (*strange.behaviours, lost)))
    with empty.session() as session:
        assert session.scalar(select(func.count()).select_from(BehaviourRow)) == 0
        assert session.scalar(select(func.count()).select_from(ItemRow)) == 0
    assert ingest(empty, strange)[0] == len(strange.items)  # the connection is as good as before


@pytest.mark.parametrize("text", ["null \x00 byte", "half a pair \ud800"])
def test_a_character_that_postgresql_cannot_hold_is_refused_by_it_and_not_half_sent(on_postgresql, text):
    many = tuple(Item(f"i{n}", "Title") for n in range(2500))
    with pytest.raises(ValueRefusedError):
        ingest(on_postgresql, Dataset("d", "shop", (*many, Item("bad", "Bad", text=text)), ()))
    assert ingest(on_postgresql, Dataset("d", "shop", many, ()))[0] == 2500
