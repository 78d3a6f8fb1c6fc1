"""How long things are kept: what has had its time goes, in batches, each with an audit entry; or is only counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from explainer.audit import log
from explainer.audit.outside import RETENTION
from explainer.service.subject.erase import Erasing
from explainer.service.subject.records import retention_record, sealed_record
from explainer.service.subject.shared import require_shared_key
from explainer.settings import Settings
from explainer.storage.base import new_id, now
from explainer.storage.database import Database
from explainer.storage.erasing import clear
from explainer.storage.removal_tables import RetentionRow
from explainer.storage.retention import count_old, remove_old

_BATCH = 500
OnProgress = Callable[[str, int], None]


def ends(settings: Settings, at: datetime | None = None) -> Mapping[str, datetime]:
    """Return, by kind, the moment before which nothing is kept; kinds that are kept for ever are left out."""
    moment = at or now()
    days = {
        "explanations": settings.keep_explanations,
        "dead_letters": settings.keep_explanations,  # what could not be explained is about people as well
        "comments": settings.keep_comments,
        "views": settings.keep_views,
        "drafts": settings.keep_drafts,
        "promises": settings.keep_promises,
        "behaviours": settings.keep_behaviours,
    }
    limits = {kind: moment - timedelta(days=number) for kind, number in days.items() if number is not None}
    return limits | {"sign_ins": moment}


def overdue(database: Database, limits: Mapping[str, datetime]) -> dict[str, dict[str, int]]:
    """Return how many rows have had their time, or go with what has, by kind and table."""
    with database.session() as session:
        return {kind: count_old(session, kind, before) for kind, before in limits.items()}


def apply(
    database: Database,
    limits: Mapping[str, datetime],
    on_progress: OnProgress = lambda *_: None,
    erasing: Erasing | None = None,
) -> dict[str, int]:
    """Remove what has had its time, and return the rows that were removed or emptied, by table.

    Args:
        database: Where everything is.
        limits: As of :func:`ends`.
        on_progress: Called with (kind, rows) after every batch.
        erasing: Its key seals what is put on record, or the log's check would take it for somebody else's; None where
            there is none.

    Raises:
        ErasureError: If others use another key with this database; then nothing is removed.
    """
    if erasing is not None:
        require_shared_key(database, erasing.list)
    total: dict[str, int] = {}
    for kind, before in limits.items():
        while counts := _batch(database, kind, before, erasing):
            for table, number in counts.items():
                total[table] = total.get(table, 0) + number
            on_progress(kind, sum(counts.values()))
    clear(database, total)  # also where nothing went now: somebody who read may have been in the way of an erasure
    return total


def _batch(database: Database, kind: str, before: datetime, erasing: Erasing | None) -> dict[str, int]:
    with database.session() as session:
        counts, entries = remove_old(session, kind, before, _BATCH)
        if counts:
            row = RetentionRow(id=new_id(), at=now(), kind=kind, before=before, counts=counts, entries=entries)
            row.seal = None if erasing is None else erasing.key.seal_of(sealed_record(row))
            session.add(row)
            session.flush()
            log.append(session, RETENTION, row.id, retention_record(row))
    return counts
