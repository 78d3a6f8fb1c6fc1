"""The stored nodes of the log's tree."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from explainer.audit.errors import VerificationError
from explainer.storage.tables import AuditEntryRow, AuditNodeRow


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
        key = tuple_(AuditNodeRow.level, AuditNodeRow.place)
        nodes = select(AuditNodeRow.level, AuditNodeRow.place, AuditNodeRow.hash).where(key.in_(inner))
        known |= {(level, place): digest for level, place, digest in session.execute(nodes)}
    missing = [pair for pair in subtrees if pair not in known]
    if missing:
        level, place = missing[0]
        raise VerificationError(
            f"The audit log's tree has no node at level {level}, place {place}: it was altered by hand. "
            "Find out what else was: explainer audit verify"
        )
    return [bytes.fromhex(known[pair]) for pair in subtrees]
