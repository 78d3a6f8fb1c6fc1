"""Removing everything about a person in one transaction, and what it leaves in the database's files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any

from sqlalchemy import Connection, CursorResult, bindparam, delete, exists, func, literal, select, text, update
from sqlalchemy.orm import Session

from explainer.storage.access_tables import SignInRow
from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow, AuditSubjectRow
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.personal import CASES, HELD, Held
from explainer.storage.reading_tables import ViewRow
from explainer.storage.refusals import told
from explainer.storage.vacuuming import warn_of_refused

Ranges = list[list[int]]
Turn = Callable[[Session], None]
_CHUNK = 500
_PATIENCE_MS = 1000  # while it waits for readers nobody can write
# Whoever erases somebody has one of 64 locks alone, which all share who note something about that one: with a lock for
# each person, a transaction about a thousand would need too many. Nothing else here locks by this number.
_ALONE = text("SELECT pg_advisory_xact_lock(7106408, hashtext(:user) & 63)")
_BESIDE = text(
    "SELECT pg_advisory_xact_lock_shared(7106408, hashtext(one) & 63) FROM unnest(CAST(:users AS text[])) AS one"
)
_BESIDE_ALL = text("SELECT pg_advisory_xact_lock_shared(7106408, place) FROM generate_series(0, 63) AS place")
_ONE_HELD = (
    select(BehaviourRow.user_id)
    .where(BehaviourRow.user_id == bindparam("user"))
    .limit(1)
    .with_for_update(read=True, key_share=True)
)


def held_counts(session: Session, user: str) -> dict[str, int]:
    """Return how many rows are held about a user, by table; what is not there is left out."""
    dialect = session.get_bind().dialect.name
    counts: Counter[str] = Counter()
    for held in HELD:
        query = select(func.count()).select_from(held.table).where(held.whose(user, dialect))
        counts[held.name] += session.scalar(query) or 0
    return {name: number for name, number in counts.items() if number}


def is_held(session: Session, user: str) -> bool:
    """Return whether anything is held about a user."""
    dialect = session.get_bind().dialect.name
    # Of what else there may be, each row is about somebody because of one in these.
    naming = (held for held in HELD if held.names is not None)
    found = (select(literal(1)).select_from(held.table).where(held.whose(user, dialect)).limit(1) for held in naming)
    return any(session.scalar(query) is not None for query in found)


def keep_from_erasure(session: Session, users: Collection[str]) -> None:
    """Keep users from being erased until the transaction ends: what is read of them after this is so when it does.

    Call it before anything is written that an erasure would wait for: it waits for erasures that are under way.
    """
    begin_writing(session)
    if session.get_bind().dialect.name == "postgresql" and users:
        session.execute(_BESIDE, {"users": sorted(users)})


def keep_all_from_erasure(session: Session) -> None:
    """Keep everybody from being erased until the transaction ends; it should soon."""
    begin_writing(session)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_BESIDE_ALL)


def stays_held(session: Session, user: str) -> bool:
    """Return whether anything is held about a user, and keep that so until the transaction ends (see above)."""
    keep_from_erasure(session, [user])
    return is_held(session, user)


def hold(session: Session, user: str) -> None:
    """Wait for whoever notes something about the user, or stores, changes or exports an explanation of theirs.

    They end first, or find nothing after us. Behaviours come first, as whoever stores an explanation holds one of
    them. Only what is read after this is so when the user is removed.
    """
    begin_writing(session)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_ALONE, {"user": user})
        session.execute(select(BehaviourRow.id).where(BehaviourRow.user_id == user).with_for_update())
        session.execute(select(ExplanationRow.id).where(ExplanationRow.user_id == user).with_for_update())


def remove(session: Session, user: str, take_turn: Turn) -> tuple[dict[str, int], Ranges]:
    """Remove everything about a user in the caller's transaction.

    Args:
        session: Open session.
        user: Whom.
        take_turn: Waits until nobody else has entries of the audit log to commit.

    Returns:
        Rows removed or emptied, by table, and the numbers of the audit entries that lost their salt, as ranges.
    """
    hold(session, user)
    counts = _remove_all(session, user)
    take_turn(session)
    if session.get_bind().dialect.name == "postgresql":
        # What others committed between our first statements and our turn. What waits for its turn behind us has nothing
        # of before in it: else it had held something of the user, and we had waited for it.
        counts += _remove_all(session, user)
    looks, cases = _forget_looks(session, user)
    counts[ViewRow.__tablename__] = looks
    _end_cases(session)
    entries = list(
        session.scalars(delete(AuditSubjectRow).where(AuditSubjectRow.subject == user).returning(AuditSubjectRow.seq))
    )
    counts["audit_subjects"] = len(entries)
    entries += cases
    for start in range(0, len(entries), _CHUNK):
        salts = delete(AuditSaltRow).where(AuditSaltRow.seq.in_(entries[start : start + _CHUNK]))
        counts["audit_salts"] += changed(session.execute(salts.execution_options(synchronize_session=False)))
    return {name: number for name, number in counts.items() if number}, ranges_of(sorted(entries))


def still_known(session: Session, users: Collection[str]) -> set[str]:
    """Return which users have behaviours, and keep these from being erased until the transaction ends.

    On SQLite the caller must have written before: whoever writes there is alone.
    """
    connection = session.connection()
    return {user for user in users if connection.scalar(_ONE_HELD, {"user": user}) is not None}


def clear(database: Database, tables: Collection[str]) -> bool:
    """Overwrite what was deleted, after the commit; return whether none of it can be in the database's files any more.

    On SQLite freed pages are overwritten at once, and this empties the write-ahead log into the database.

    On PostgreSQL it makes dead rows and their index entries free space and renews the statistics, which hold values,
    too. The bytes stay, unreachable by SQL: in a free page until a new row takes its place (``VACUUM FULL`` rewrites a
    table without them, and locks it meanwhile), in the write-ahead log until it is recycled, and in replicas, archives
    and backups as long as these are kept. What had been deleted in other tables before is autovacuum's.

    Args:
        database: Which.
        tables: Those that something was removed from. On PostgreSQL it reads each, and all of its indexes.

    Raises:
        BusyError: If the database cannot be used now.
        ConflictError: If it refuses.
    """
    engine = database.engine
    with told(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            warn_of_refused(connection, tables)
            for table in sorted(tables):
                connection.execute(text(f'VACUUM (ANALYZE) "{table}"'))  # statistics hold values, too
            return False
        return _empty_journal(connection)


def _empty_journal(connection: Connection) -> bool:
    """Empty SQLite's write-ahead log into the database; return whether no reader was in the way for long."""
    patience = connection.execute(text("PRAGMA busy_timeout")).scalar_one()
    connection.execute(text(f"PRAGMA busy_timeout = {_PATIENCE_MS}"))
    try:
        return not connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar()
    finally:
        connection.execute(text(f"PRAGMA busy_timeout = {patience}"))


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


def begin_writing(session: Session) -> None:
    """Say before the first look that this will write: SQLite refuses to after another writer."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("UPDATE audit_entries SET seq = seq WHERE 0"))


def _remove_all(session: Session, user: str) -> Counter[str]:
    dialect = session.get_bind().dialect.name
    records = [held for held in HELD if held.table not in {ViewRow, AuditSaltRow, AuditSubjectRow}]
    return Counter({held.name: _remove(session, held, user, dialect) for held in records})


def _forget_looks(session: Session, user: str) -> tuple[int, list[int]]:
    """Empty the looks at a user, and the cases of looks at others that were the user's, too.

    It takes our turn: two who erase people of one case would wait for each other.

    Returns:
        How many looks that were, and the numbers of the entries about those at others.
    """
    dialect = session.get_bind().dialect.name
    emptied = update(ViewRow).where(CASES.whose(user, dialect)).values(**CASES.emptied).returning(ViewRow.id)
    others = list(session.scalars(emptied.execution_options(synchronize_session=False)))
    own = sum(_remove(session, held, user, dialect) for held in HELD if held.table is ViewRow and held is not CASES)
    entries: list[int] = []
    for start in range(0, len(others), _CHUNK):
        about = AuditEntryRow.record_id.in_(others[start : start + _CHUNK])
        entries += session.scalars(select(AuditEntryRow.seq).where(about))
    return own + len(others), entries


def _end_cases(session: Session) -> None:
    """Forget for what those are signed in who have not looked at anybody for it yet: it may name whoever is erased."""
    looked = exists().where(
        ViewRow.at >= SignInRow.created_at, ViewRow.ticket == SignInRow.ticket, ViewRow.purpose == SignInRow.purpose
    )
    forget = update(SignInRow).where(SignInRow.purpose != "", ~looked).values(ticket="", purpose="")
    session.execute(forget.execution_options(synchronize_session=False))


def _remove(session: Session, held: Held, user: str, dialect: str) -> int:
    mine = held.whose(user, dialect)
    statement: Any = update(held.table).values(**held.emptied) if held.emptied else delete(held.table)
    return changed(session.execute(statement.where(mine).execution_options(synchronize_session=False)))
