"""Removals are held against what lies outside the database: the list of erasures, and the key that seals retentions.

Whoever has the database alone can write there that anything was removed, and an entry that says so. They can add
nothing to the list, nor make a seal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from explainer.audit.kept import Kept, loaded
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import Base
from explainer.storage.removal_tables import ErasureRow, RetentionRow

_CHUNK = 500
ERASURES = ("erasure.done", "erasure.repeated")
"""What the entries of erasures are called: of those that were asked for, and of those that a restored backup had
forgotten."""
RETENTION = "retention.applied"
KEY_USED = "erasure.key_used"
"""A key makes the codes of erased people and the seals of retentions; only whoever has it can make this entry."""
KEY_ADOPTED = "erasure.key_adopted"
"""Another key does from here on, as the one before is lost."""


class Outside(Protocol):
    """What is outside the database."""

    @property
    def fingerprint(self) -> str:
        """What the log calls the key, and nobody can tell it from."""
        ...

    def listed(self) -> Collection[str] | None:
        """Return the ids of the erasures on the list; None where nothing is kept outside."""
        ...

    def sealed(self, retention: RetentionRow) -> bool:
        """Return whether a retention has a seal that was made with the key."""
        ...

    def uses(self, entry: AuditEntryRow) -> bool:
        """Return whether an entry says that the key is in use, and was made by somebody who has it."""
        ...


class Borders(NamedTuple):
    """Entries from which on removals are held against what is outside.

    Attributes:
        adopted: Erasures before this one were on the list of a key that is lost.
        used: Retentions before this one need no seal of the key; there may have been none yet.
    """

    adopted: int
    used: int


def borders(session: Session, fingerprint: str, uses: Callable[[AuditEntryRow], bool]) -> Borders:
    """Return since when a key is in use: since its first entry, so nobody can say later that it is since then.

    Where the log does not tell, that another key was adopted is believed: whoever adopts one again and again can be
    asked why. And each retention needs a seal; so it does where the entry cannot be proved any more.

    Args:
        session: Open session.
        fingerprint: The key's.
        uses: As of :class:`Outside`.
    """
    query = select(AuditEntryRow).where(AuditEntryRow.event.in_((KEY_USED, KEY_ADOPTED))).order_by(AuditEntryRow.seq)
    found = [entry for entry in session.scalars(query) if type(entry.seq) is int]
    first = next((entry for entry in found if (entry.event, entry.record_id) == (KEY_USED, fingerprint)), None)
    adopted = [entry.seq for entry in found if entry.event == KEY_ADOPTED and (first is None or entry.seq < first.seq)]
    last = max(adopted, default=0)
    return Borders(last, first.seq if first is not None and uses(first) else last)


def erasures_to_list(session: Session, since: Borders) -> Sequence[str]:
    """Return the ids of the erasures that the list must have, oldest first."""
    entry = exists().where(AuditEntryRow.record_id == ErasureRow.id, AuditEntryRow.event.in_(ERASURES))
    before = entry.where(AuditEntryRow.seq < since.adopted)
    return session.scalars(select(ErasureRow.id).where(~before).order_by(ErasureRow.ended_at, ErasureRow.id)).all()


def unsealed(session: Session, kind: Kept, outside: Outside, since: Borders) -> Iterator[str]:
    """Yield the ids of the retentions that must have a seal and have none.

    Args:
        session: Open session.
        kind: How they are kept.
        outside: Knows the seals.
        since: As of :func:`borders`.
    """
    last = select(func.max(AuditEntryRow.seq)).where(
        AuditEntryRow.record_id == RetentionRow.id, AuditEntryRow.event == RETENTION
    )
    due = func.coalesce(last.scalar_subquery(), since.used) >= since.used
    query = select(RetentionRow.id).where(due).order_by(RetentionRow.id).limit(_CHUNK)
    after = ""
    while chunk := session.scalars(query.where(RetentionRow.id > after)).all():
        found = loaded(session, kind, chunk)
        yield from (one for one in chunk if not all(_is_sealed(outside, row) for row in found.get(one, [])))
        after = chunk[-1]


def _is_sealed(outside: Outside, row: Base | None) -> bool:
    return isinstance(row, RetentionRow) and outside.sealed(row)
