"""The stored nodes of the log's tree."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select, text
from sqlalchemy.orm import Session

from explainer.audit.errors import VerificationError
from explainer.audit.merkle import HASH_BYTES, Tree, peaks_of
from explainer.storage.audit_tables import AuditEntryRow, AuditNodeRow

# The end of the log and the roots of its complete subtrees, in one statement without parameters: one trip, while others
# wait. A tree has one at each level whose bit is set in its size.
_HEAD = text("""
WITH RECURSIVE head AS (SELECT coalesce(max(seq), 0) AS size FROM audit_entries),
levels(level) AS (SELECT 1 UNION ALL SELECT level + 1 FROM levels WHERE level < 62)
SELECT size, levels.level, hash FROM head
LEFT JOIN levels ON (CAST(size AS bigint) >> levels.level) & 1 = 1
LEFT JOIN audit_nodes ON audit_nodes.level = levels.level AND place = (CAST(size AS bigint) >> levels.level) - 1
UNION ALL
SELECT size, 0, leaf FROM head JOIN audit_entries ON seq = size WHERE size % 2 = 1
""")


def size_of(session: Session) -> int:
    """Return how many entries the log has."""
    return session.scalar(select(func.max(AuditEntryRow.seq))) or 0


def count_of(session: Session) -> int:
    """Return how many entries are stored, whatever their numbers."""
    return session.scalar(select(func.count()).select_from(AuditEntryRow)) or 0


def head_of(session: Session) -> Tree:
    """Return the log's tree as it is in the session's transaction.

    Raises:
        VerificationError: If a node of it is missing.
    """
    rows = session.execute(_HEAD).all()
    size = int(rows[0][0])
    peaks = {int(level): digest for _, level, digest in rows if level is not None}
    return Tree(size, [_bytes(peaks.get(level), level, place) for level, place in peaks_of(size)])


def hashes_of(session: Session, subtrees: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return the hashes of complete subtrees, by level and place, in their order; two statements at most.

    Raises:
        VerificationError: If one is missing.
    """
    leaves = [place + 1 for level, place in subtrees if level == 0]
    inner = [pair for pair in subtrees if pair[0]]
    known: dict[tuple[int, int], str] = {}
    if leaves:
        found = select(AuditEntryRow.seq, AuditEntryRow.leaf).where(AuditEntryRow.seq.in_(leaves))
        known |= {(0, seq - 1): leaf for seq, leaf in session.execute(found)}
    if inner:
        # Not a list of pairs: for one of these SQLite reads the whole table.
        each = [and_(AuditNodeRow.level == level, AuditNodeRow.place == place) for level, place in inner]
        nodes = select(AuditNodeRow.level, AuditNodeRow.place, AuditNodeRow.hash).where(or_(*each))
        known |= {(level, place): digest for level, place, digest in session.execute(nodes)}
    return [_bytes(known.get(pair), *pair) for pair in subtrees]


def _bytes(digest: object, level: int, place: int) -> bytes:
    """Return the hash of a node."""
    try:
        found = bytes.fromhex(digest) if isinstance(digest, str) else b""
    except ValueError:
        found = b""
    if len(found) != HASH_BYTES:
        raise VerificationError(
            f"The audit log's tree has no node at level {level}, place {place}: it was altered by hand. "
            "Find out what else was: explainer audit verify"
        )
    return found
