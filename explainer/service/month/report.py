"""The whole of a month."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.notes import Verifier
from explainer.service.month.accesses import Accesses, count_accesses
from explainer.service.month.calendar import Month
from explainer.service.month.erasures import Erasures, count_erasures
from explainer.service.month.findings import Counted, Finding, findings_of
from explainer.service.month.log_state import LogState, state_of_log
from explainer.service.month.texts import Texts, count_texts
from explainer.service.month.versions import Versions, versions_in
from explainer.service.month.voices import Voices, count_voices
from explainer.storage.base import now


class MonthlyReport(msgspec.Struct, frozen=True):
    """A month of the service in numbers; nothing in it is about one user.

    Attributes:
        month: As ``2026-11``.
        since: Its first moment,
        until: and the first after it.
        made_at: When this was counted.
        over: Whether the month was over then.
        findings: What to look at, the gravest first.
        texts: What was written.
        voices: What people said of it.
        accesses: Who looked at people's records.
        erasures: How many people were erased, and how long it took.
        versions: What was in force.
        log: The state of the audit log.
    """

    month: str
    since: datetime
    until: datetime
    made_at: datetime
    over: bool
    findings: list[Finding]
    texts: Texts
    voices: Voices
    accesses: Accesses
    erasures: Erasures
    versions: Versions
    log: LogState


def monthly_report(
    session: Session, month: Month, folder: CheckpointFolder | None = None, key: Verifier | None = None
) -> MonthlyReport:
    """Count a month in the database; memory grows with days and versions, not with rows.

    Args:
        session: Open session.
        month: Which.
        folder: Where signed heads of the log are kept; without it nothing is said of them.
        key: Verifies the log whole; without it that is not looked at.

    Raises:
        SearchError: If the month has not begun.
    """
    present = now()
    month.require_begun(present)
    over = present >= month.until
    found = Counted(
        month=month,
        over=over,
        texts=count_texts(session, month),
        voices=count_voices(session, month),
        accesses=count_accesses(session, month),
        erasures=count_erasures(session, month),
        versions=versions_in(session, month),
        log=state_of_log(session, month, folder, key),
        texts_before=count_texts(session, month.before),
        voices_before=count_voices(session, month.before),
    )
    return MonthlyReport(
        month=str(month),
        since=month.since,
        until=month.until,
        made_at=present,
        over=over,
        findings=findings_of(found),
        texts=found.texts,
        voices=found.voices,
        accesses=found.accesses,
        erasures=found.erasures,
        versions=found.versions,
        log=found.log,
    )
