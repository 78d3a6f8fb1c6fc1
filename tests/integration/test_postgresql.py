"""The same database on a real PostgreSQL, through pg8000: its schema, the log in it, what it refuses and outages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import verify
from explainer.errors import BusyError, ConflictError, NotReadyError, ValueRefusedError
from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow
from explainer.storage.base import now
from explainer.storage.catalogue_tables import ItemRow
from explainer.storage.database import Database
from explainer.storage.drafts import SqlDraftCache
from explainer.writing.texts import Outcome
from tests.databases import number_of

END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
pytestmark = pytest.mark.on_postgresql


def test_the_schema_goes_up_twice_and_is_then_current(postgresql):
    made = Database(postgresql.new())
    with pytest.raises(NotReadyError, match="explainer migrate"):
        made.require_current()
    made.migrate()
    made.migrate()
    made.require_current()
    made.engine.dispose()


def test_the_schema_goes_down_and_up_again(postgresql):
    from alembic import command as alembic

    from explainer.storage.database import _alembic

    made = Database(postgresql.new())
    made.migrate()
    alembic.downgrade(_alembic(made.url), "base")
    made.migrate()
    made.require_current()
    made.engine.dispose()


def test_every_attack_on_the_log_is_found_here_too(postgresql, tmp_path):
    from explainer.bench.scene import make_scene
    from explainer.bench.tampers import attack
    from explainer.bench.verdicts import Found

    scene, found = make_scene(postgresql.new(), tmp_path), Found()
    attack(scene, found, lambda *_: None)
    assert found.missed == []
    assert found.cases > 300
    scene.database.engine.dispose()


@pytest.mark.parametrize("table", ["audit_entries", "audit_nodes"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {} SET {column} = {column}",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "INSERT INTO {} SELECT * FROM {} ON CONFLICT ({key}) DO UPDATE SET {column} = 'forged'",
        "MERGE INTO {} AS mine USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE",
    ],
)
def test_the_database_refuses_every_way_to_change_the_log(database, table, change):
    with database.session() as session:
        for number in range(4):
            log.append(session, "test.happened", str(number), {})
    column, key = {"audit_entries": ("event", "seq"), "audit_nodes": ("hash", "level, place")}[table]
    statement = change.replace("{column}", column).replace("{key}", key).replace("{}", table)
    with pytest.raises(ConflictError, match="append-only"), database.session() as session:
        session.execute(text(statement))
    assert number_of(database, AuditEntryRow) >= 4


def test_the_database_numbers_and_hashes_entries_as_we_do(database):
    """Every kind of character: what its function hashes is what the verifier hashes."""
    with database.session() as session:
        for word in ("plain", 'quote"', "back\\slash", "é ü 中文 🎬", "\u2028", "\x7f", "tab\t", "\x1f"):
            log.append(session, "test." + word, word * 3, {"word": word})
    with database.session() as session:
        found = verify(stored_entries(session), [], StoredNodes(session))
        assert found.entries >= 8
        assert found.root == log.head_of(session).root().hex()


def test_more_than_two_thousand_million_entries_and_reasons_have_numbers(database):
    many = 2**33
    entry = {"seq": many, "event": "e", "record_id": "r", "digest": "d", "at": now(), "leaf": "00" * 32}
    reason = text("INSERT INTO evidence (id, explanation_id, slot) VALUES (:many, 'none', 'b1')")
    with database.engine.connect() as connection:
        connection.execute(AuditEntryRow.__table__.insert(), [entry])
        session = Session(connection)
        log.append(session, "e", "r", {"a": 1}, ["u1"])
        session.commit()
        assert connection.scalar(select(func.max(AuditSaltRow.seq))) == many + 1
        connection.execute(text("SELECT setval('evidence_id_seq', :many)"), {"many": many})
        assert connection.scalar(text("SELECT nextval('evidence_id_seq')")) == many + 1
        with pytest.raises(DBAPIError, match=r"null value|foreign key"):
            connection.execute(reason, {"many": many})


def test_drafts_are_remembered_once(database):
    cache = SqlDraftCache(database)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: cache.put({"k": Outcome(f"draft {n}"), f"k{n}": Outcome(None, ("short",))}), range(8)))
    assert len(cache.get(["k", *(f"k{n}" for n in range(8))])) == 9


def test_refusals_say_what_and_quote_no_row(database):
    with pytest.raises(ConflictError) as refused, database.session() as session:
        session.add(ItemRow(id="i0", position=999, title="Secret", aspects=[], text="", phrases=[]))
    assert "pk_items" in str(refused.value)
    assert "Secret" not in str(refused.value)
    assert "(i0)" not in str(refused.value)
    with pytest.raises(ValueRefusedError), database.session() as session:
        session.get(ItemRow, "\x00")


def test_a_lost_connection_passes(database, postgresql):
    assert number_of(database, ItemRow) == 60
    postgresql.command(END, name=make_url(database.url).database)
    with pytest.raises(BusyError):
        number_of(database, ItemRow)
    assert number_of(database, ItemRow) == 60


def test_a_server_that_is_not_there_is_said_so(tmp_path):
    away = Database(f"postgresql+pg8000://postgres@/postgres?unix_sock={tmp_path}/none")
    with pytest.raises(NotReadyError, match="cannot be reached"):
        away.require_current()
    with pytest.raises(NotReadyError):
        away.migrate()
