"""The log is append-only and without gaps, and the database itself refuses to change it."""

from __future__ import annotations

import threading

import pytest
from alembic import command
from sqlalchemy import func, select, text

from explainer.audit import log
from explainer.audit.checkpointer import sign_head
from explainer.audit.sources import stored_entries
from explainer.errors import ConflictError
from explainer.storage.audit_tables import AuditEntryRow, AuditNodeRow
from explainer.storage.database import _alembic
from tests.databases import ON_POSTGRESQL
from tests.integration.audit_log.acting import ENTRIES, INTO, SIGNER, grow, verified


@pytest.mark.both
def test_what_nobody_touched_is_whole(signed, folder):
    found = verified(signed, folder)
    assert (found.entries, found.checkpoints, found.vouched) == (ENTRIES, 3, ENTRIES)
    grow(signed, ENTRIES + 3)
    assert verified(signed, folder).vouched == ENTRIES


def test_an_empty_log_is_whole(empty, folder):
    assert verified(empty, folder).entries == 0
    assert sign_head(empty, folder, SIGNER) is None


@pytest.mark.both
def test_entries_are_numbered_at_the_commit_and_those_of_a_failure_are_nowhere(empty):
    grow(empty, 2)
    with pytest.raises(RuntimeError), empty.session() as session:
        log.append(session, "test.failed", "x", {})
        raise RuntimeError
    grow(empty, 4)
    with empty.session() as session:
        assert session.scalars(select(AuditEntryRow.seq).order_by(AuditEntryRow.seq)).all() == [1, 2, 3, 4]
        assert session.scalar(select(func.count()).select_from(AuditNodeRow)) == 3


def test_a_log_from_before_is_numbered_anew_and_grown_into_a_tree(make_database, folder):
    old = make_database("old")
    command.upgrade(_alembic(old.url), "0010")
    with old.engine.begin() as connection:
        for seq in (1, 2, 5, 6, 9):  # a transaction that was rolled back used to leave a gap on some databases
            values = f"({seq}, 'test.happened', 'r{seq}', '{'0' * 64}', '2026-01-0{seq} 00:00:00.000000')"
            connection.execute(text(f"INSERT INTO audit_entries (seq, event, record_id, digest, at) VALUES {values}"))
    old.migrate()
    assert verified(old, folder).entries == 5
    grow(old, 9)
    assert verified(old, folder).entries == 9
    with old.session() as session:
        entries = list(stored_entries(session))
    assert [entry.record_id for entry in entries[:5]] == ["r1", "r2", "r5", "r6", "r9"]
    old.engine.dispose()
    command.downgrade(_alembic(old.url), "0010")


@pytest.mark.both
def test_writers_at_once_leave_neither_gap_nor_fork(empty, folder):
    def write(who):
        for n in range(25):
            with empty.session() as session:
                log.append(session, "test.happened", f"{who}-{n}", {"n": n})

    threads = [threading.Thread(target=write, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verified(empty, folder).entries == 150


@pytest.mark.parametrize("table", ["audit_entries", "audit_nodes"])
@pytest.mark.parametrize("change", ["UPDATE {table} SET {key} = {key}", "DELETE FROM {table}"])
@pytest.mark.both
def test_the_database_refuses_to_change_the_log(signed, folder, table, change):
    key = {"audit_entries": "seq", "audit_nodes": "level"}[table]
    with pytest.raises(ConflictError, match="append-only"), signed.session() as session:
        session.execute(text(change.format(table=table, key=key)))
    assert verified(signed, folder).entries == ENTRIES


COPIED = "SELECT seq, 'forged', record_id, digest, at, leaf FROM audit_entries WHERE seq IN (1, 17, 40)"


@pytest.mark.skipif(ON_POSTGRESQL, reason="REPLACE is SQLite's; what PostgreSQL has is tried in test_postgresql")
@pytest.mark.parametrize(
    "change",
    [
        f"INSERT OR REPLACE {INTO} {COPIED}",
        f"REPLACE {INTO} {COPIED}",
        f"INSERT {INTO} {COPIED} AND 1 ON CONFLICT (seq) DO UPDATE SET event = 'forged'",
        "UPDATE OR REPLACE audit_entries SET seq = 1 WHERE seq = 2",
        "REPLACE INTO audit_nodes (level, place, hash) SELECT level, place, 'forged' FROM audit_nodes",
        "REPLACE INTO audit_nodes (rowid, level, place, hash) SELECT rowid, 9, 9, 'forged' FROM audit_nodes LIMIT 1",
    ],
)
def test_the_database_refuses_to_replace_what_is_in_the_log(signed, folder, change):
    """SQLite tells triggers of nothing that REPLACE deletes; without one of their own this would go through."""
    with pytest.raises(ConflictError, match="append-only"), signed.session() as session:
        session.execute(text(change))
    assert verified(signed, folder).entries == ENTRIES
