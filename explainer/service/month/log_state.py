"""The log in a month: how it grew, what signed heads vouch for, and whether somebody looked if it is whole."""

from __future__ import annotations

import bisect
from enum import StrEnum

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.notes import Verifier
from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import TamperError, verify
from explainer.service.month.calendar import Month
from explainer.service.month.within import in_month
from explainer.storage.audit_tables import AuditEntryRow


class Look(StrEnum):
    """What came of holding the whole log against its signed heads."""

    NONE = "not_looked"
    WHOLE = "whole"
    UNSIGNED = "unsigned"
    UNVERIFIED = "unverified"
    BROKEN = "broken"


class LogState(msgspec.Struct, frozen=True):
    """The log in a month.

    Attributes:
        entries: Entries of the month.
        last: Number of the last entry when the month ended; 0 for an empty log.
        events: Event → entries of the month, most frequent first.
        checkpoints: Signed heads among the month's entries; None where it is not known where they are.
        vouched: Entries up to the month's end that a signed head vouches for; None likewise. By what the heads' files
            are called alone, where the log was not found whole.
        look: Whether the log fits its signed heads: ``not_looked``; ``whole``; ``unsigned``, where it fits together
            and there is no head; ``unverified``, where the heads are not what this key signed, or something cannot be
            read; ``broken``, where the log is not the one that was signed.
        fault: Of a broken log what is wrong with it, as the names of :class:`~explainer.audit.verify.Fault` in small;
        at: and at which entry, as near as can be told. Else empty and None.
        trouble: What is wrong, in English; empty if nothing is.
    """

    entries: int
    last: int
    events: dict[str, int]
    checkpoints: int | None
    vouched: int | None
    look: Look
    fault: str = ""
    at: int | None = None
    trouble: str = ""


def state_of_log(
    session: Session, month: Month, folder: CheckpointFolder | None = None, key: Verifier | None = None
) -> LogState:
    """Return the state of the log; with a key it is verified whole, which takes a second per fifty thousand entries.

    Args:
        session: Open session.
        month: The month.
        folder: Where signed heads are kept.
        key: The key that signs them.
    """
    count, first, last = session.execute(
        select(func.count(), func.min(AuditEntryRow.seq), func.max(AuditEntryRow.seq)).where(
            in_month(AuditEntryRow.at, month)
        )
    ).one()
    until = session.scalar(select(func.max(AuditEntryRow.seq)).where(AuditEntryRow.at < month.until)) or 0
    grouped = select(AuditEntryRow.event, func.count()).where(in_month(AuditEntryRow.at, month))
    events = session.execute(grouped.group_by(AuditEntryRow.event).order_by(func.count().desc(), AuditEntryRow.event))
    sizes = None if folder is None else folder.sizes()
    look, error = _verified(session, folder, key)
    tampered = error if isinstance(error, TamperError) else None
    return LogState(
        entries=count,
        last=until,
        events={event: n for event, n in events},  # noqa: C416  a Row is no pair to mypy
        checkpoints=None if sizes is None else _between(sizes, first, last),
        vouched=None if sizes is None else min(until, max(sizes, default=0)),
        look=look,
        fault="" if tampered is None else tampered.fault.name.lower(),
        at=None if tampered is None else tampered.seq,
        trouble="" if error is None else str(error),
    )


def _between(sizes: list[int], first: int | None, last: int | None) -> int:
    if first is None or last is None:
        return 0
    return bisect.bisect_right(sizes, last) - bisect.bisect_left(sizes, first)


def _verified(
    session: Session, folder: CheckpointFolder | None, key: Verifier | None
) -> tuple[Look, VerificationError | None]:
    if folder is None or key is None:
        return Look.NONE, None
    try:
        found = verify(stored_entries(session), folder.read(key), StoredNodes(session))
    except TamperError as error:
        return Look.BROKEN, error
    except VerificationError as error:
        return Look.UNVERIFIED, error
    return Look.WHOLE if found.checkpoints or not found.entries else Look.UNSIGNED, None
