"""Which processes of a service are there, and with what: each says so again and again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session

from explainer.storage.base import now
from explainer.storage.erasing import changed
from explainer.storage.job_tables import ProcessRow
from explainer.storage.once import insert_once

SILENT_AFTER = timedelta(seconds=15)
_FORGOTTEN_AFTER = timedelta(days=1)


def say(session: Session, row: ProcessRow) -> None:
    """Note that a process is there, and forget those that are silent for long."""
    values = {column.key: getattr(row, column.key) for column in ProcessRow.__table__.columns}
    seen = update(ProcessRow).where(ProcessRow.id == row.id).values(**values)
    if not changed(session.execute(seen, execution_options={"synchronize_session": False})):
        insert_once(session, ProcessRow, [values])
        session.execute(delete(ProcessRow).where(ProcessRow.seen_at < now() - _FORGOTTEN_AFTER))


def leave(session: Session, process: str) -> None:
    """Note that a process is there no more."""
    session.execute(delete(ProcessRow).where(ProcessRow.id == process))


def present(connection: Connection | Session) -> Sequence[ProcessRow]:
    """Return the processes that were there a moment ago, the oldest first."""
    query = select(*ProcessRow.__table__.columns).where(ProcessRow.seen_at >= now() - SILENT_AFTER)
    rows = connection.execute(query.order_by(ProcessRow.started_at, ProcessRow.id)).mappings()
    return [ProcessRow(**row) for row in rows]
