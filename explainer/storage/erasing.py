"""Removing everything about a person in one transaction, and what it leaves in the database's files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import CursorResult, delete, func, literal, select, text, update
from sqlalchemy.orm import Session

from explainer.storage.database import Database
from explainer.storage.personal import HELD, Held
from explainer.storage.tables import AuditSubjectRow, BehaviourRow, ExplanationRow

Ranges = list[list[int]]


def held_counts(session: Session, user: str) -> dict[str, int]:
    """Return how many rows are held about a user, by table; what is not there is left out."""
    dialect = session.get_bind().dialect.name
    counted = (
        (held.name, session.scalar(select(func.count()).select_from(held.table).where(held.whose(user, dialect))) or 0)
        for held in HELD
    )
    return {name: number for name, number in counted if number}


def is_held(session: Session, user: str) -> bool:
    """Return whether anything is held about a user."""
    dialect = session.get_bind().dialect.name
    found = (select(literal(1)).select_from(held.table).where(held.whose(user, dialect)).limit(1) for held in HELD)
    return any(session.scalar(query) is not None for query in found)


def remove(session: Session, user: str) -> tuple[dict[str, int], Ranges]:
    """Remove everything about a user in the caller's transaction.

    Returns:
        Rows removed or emptied, by table, and the numbers of the audit entries that lost their salt, as ranges.
    """
    _wait_for_others(session, user)
    dialect = session.get_bind().dialect.name
    entries = select(AuditSubjectRow.seq).where(AuditSubjectRow.subject == user).order_by(AuditSubjectRow.seq)
    ranges = ranges_of(session.scalars(entries))
    counts = {held.name: _remove(session, held, user, dialect) for held in HELD}
    return {name: number for name, number in counts.items() if number}, ranges


def still_known(session: Session, users: Collection[str]) -> set[str]:
    """Return which users have behaviours, and keep these from being erased until the transaction ends.

    On SQLite the caller must have written before: whoever writes there is alone.
    """
    one = select(BehaviourRow.user_id).limit(1).with_for_update(read=True, key_share=True)
    return {user for user in users if session.scalar(one.where(BehaviourRow.user_id == user)) is not None}


def clear(database: Database, tables: Collection[str]) -> bool:
    """Overwrite what was deleted, after the commit; return whether none of it can be in the database's files any more.

    On SQLite freed pages are overwritten at once, and this empties the write-ahead log into the database. On PostgreSQL
    it frees dead rows, whose space new ones then take; its write-ahead log keeps them until that is recycled.
    """
    engine = database.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            for table in sorted(tables):
                connection.execute(text(f'VACUUM (ANALYZE) "{table}"'))  # statistics hold values, too
            return False
        busy = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar()
        return not busy


def ranges_of(numbers: Iterable[int]) -> Ranges:
    """Return ascending numbers as ranges ``[first, last]``."""
    ranges: Ranges = []
    for number in numbers:
        if ranges and number <= ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def changed(found: object) -> int:
    """Return how many rows a statement changed."""
    return found.rowcount if isinstance(found, CursorResult) else 0


def _remove(session: Session, held: Held, user: str, dialect: str) -> int:
    mine = held.whose(user, dialect)
    statement: Any = update(held.table).values(**held.emptied) if held.emptied else delete(held.table)
    return changed(session.execute(statement.where(mine).execution_options(synchronize_session=False)))


def _wait_for_others(session: Session, user: str) -> None:
    """Wait for whoever is adding to the user's explanations: they may end before us or find nothing after us."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            select(ExplanationRow.id).where(ExplanationRow.user_id == user).with_for_update(of=ExplanationRow)
        )
    else:
        # SQLite must know before the first look that this will write, or it refuses to after another writer.
        session.execute(text("UPDATE audit_entries SET seq = seq WHERE 0"))


def most(ranges: Sequence[Sequence[int]]) -> int:
    """Return how many numbers are in ranges."""
    return sum(last - first + 1 for first, last in ranges)
