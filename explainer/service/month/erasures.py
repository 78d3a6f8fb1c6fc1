"""People who were erased in a month: how many and how long it took; not who."""

from __future__ import annotations

import msgspec
from sqlalchemy import exists, func, select, true
from sqlalchemy.orm import Session

from explainer.service.month.calendar import Month
from explainer.service.month.within import in_month
from explainer.service.subject.records import AGAIN
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.portable import number, numbers_in, seconds_between
from explainer.storage.removal_tables import ErasureRow


class Erasures(msgspec.Struct, frozen=True):
    """Erasures that ended in a month.

    Attributes:
        count: How many, without those that were carried out again.
        median_s: Seconds from request to end, the median; None without any.
        longest_s: The longest.
        rows: Table → rows that were removed or emptied.
        repeated: How many were carried out again, or for good, from the list outside the database: a restored backup
            had forgotten them, or they had been cut short. When they were asked for says nothing of how long they took.
    """

    count: int
    median_s: float | None
    longest_s: float | None
    rows: dict[str, int]
    repeated: int


def count_erasures(session: Session, month: Month) -> Erasures:
    """Return the erasures of a month."""
    again = exists().where(AuditEntryRow.record_id == ErasureRow.id, AuditEntryRow.event == AGAIN)
    ended, took = in_month(ErasureRow.ended_at, month), seconds_between(ErasureRow.requested_at, ErasureRow.ended_at)
    mine = ended & ~again
    count, longest = session.execute(select(func.count(ErasureRow.id), func.max(took)).where(mine)).one()
    middle = select(took).where(mine).order_by(took).offset((count - 1) // 2).limit(2 - count % 2)
    middles = [float(one) for one in session.scalars(middle)] if count else []
    part = numbers_in(ErasureRow.counts, session.get_bind().dialect.name)
    rows = select(part.c.key, func.sum(number(part.c.value))).select_from(ErasureRow).join(part, true()).where(mine)
    return Erasures(
        count=count,
        median_s=sum(middles) / len(middles) if middles else None,
        longest_s=float(longest) if count else None,
        rows={str(key): int(n) for key, n in session.execute(rows.group_by(part.c.key).order_by(part.c.key))},
        repeated=session.scalar(select(func.count(ErasureRow.id)).where(ended, again)) or 0,
    )
