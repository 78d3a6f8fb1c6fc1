"""What tests of pre-writing do again and again: run it, and hold what is stored against the promise."""

from __future__ import annotations

from sqlalchemy import select

from explainer.audit.log import proves
from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import verify
from explainer.service.pregenerate import Order
from explainer.service.pregenerate.local import run_local
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.bulk_tables import PregeneratedRow
from explainer.view import record_of
from explainer.writing.style import Style
from tests.integration.pregenerate.acting import K

USERS = [f"u{n}" for n in range(24)]


def pregenerate(explainer, users=USERS, k=K, style=None, **more):
    counts, cpu_s = run_local(explainer, Order(k, style or Style()), users, lambda *_: None, **more)
    return counts.summary(1.0, cpu_s)


def all_of(database, table):
    with database.session() as session:
        return list(session.scalars(select(table)))


def told(row):
    """Return all that an explanation says; not its id, nor the second in which it was made."""
    record = {key: value for key, value in record_of(row).items() if key not in {"id", "created_at"}}
    return record | {"asked": {key: value for key, value in row.asked.items() if key != "now"}}


def in_order(rows):
    return [told(row) for row in sorted(rows, key=lambda row: (row.user_id, row.rank))]


def key_of(row):
    return row.user_id, row.item_id, row.recommender_version, row.writer_version, row.prompt_hash


def require_each_once(database, rows):
    """Hold what is stored against the promise: one of each, whole, on record."""
    keys = [key_of(row) for row in rows]
    assert len(set(keys)) == len(keys)
    assert {(key_of(one), one.explanation_id) for one in all_of(database, PregeneratedRow)} == {
        (key_of(row), row.id) for row in rows
    }
    with database.session() as session:
        created = select(AuditEntryRow).where(AuditEntryRow.event == "explanation.created")
        entries = {entry.record_id: entry for entry in session.scalars(created)}
        assert entries.keys() == {row.id for row in rows}
        assert all(proves(entries[row.id], record_of(row)) for row in rows)
        verify(stored_entries(session), [], StoredNodes(session))
