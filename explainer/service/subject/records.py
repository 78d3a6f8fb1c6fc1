"""What the audit entries of removals are about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from explainer.audit.outside import ERASURES
from explainer.storage.removal_tables import CorpusRow, ErasureRow, RetentionRow
from explainer.storage.service_tables import StartRow

DONE, AGAIN = ERASURES


def erasure_record(row: ErasureRow) -> Mapping[str, Any]:
    """Return what the audit entry of an erasure is about."""
    # Entries of erasures before training sets, or their lines, were kept are digests of records without them.
    later = {"corpora": row.corpora, "lines": row.lines, "adapters": row.adapters}
    return {name: kept for name, kept in later.items() if kept is not None} | {
        "id": row.id,
        "code": row.code,
        "by": row.by,
        "requested_at": _moment(row.requested_at),
        "ended_at": _moment(row.ended_at),
        "counts": row.counts,
        "entries": row.entries,
        "training": row.training,
    }


def corpus_record(row: CorpusRow) -> Mapping[str, Any]:
    """Return what the audit entry of a file for training is about."""
    return {
        "id": row.id,
        "sha256": row.sha256,
        "kind": row.kind,
        "file": row.file,
        "lines": row.lines,
        "made_by": row.made_by,
        "made_at": _moment(row.made_at),
    }


def retention_record(row: RetentionRow) -> Mapping[str, Any]:
    """Return what the audit entry of records that had their time is about."""
    return sealed_record(row) | ({} if row.seal is None else {"seal": row.seal})


def sealed_record(row: RetentionRow) -> dict[str, Any]:
    """Return what the seal of such a removal is made of."""
    # Entries of retentions before it was kept of what age records were are digests of records without it.
    age = {} if row.kind is None or row.before is None else {"kind": row.kind, "before": _moment(row.before)}
    return age | {"id": row.id, "at": _moment(row.at), "counts": row.counts, "entries": row.entries}


def start_record(row: StartRow) -> Mapping[str, Any]:
    """Return what the audit entry of a service that began to serve, or to write with something else, is about."""
    # Entries from before it was kept which process it was are digests of records without it.
    place = {} if row.place is None else {"place": row.place}
    return place | {
        "id": row.id,
        "at": _moment(row.at),
        "settings": row.settings,
        "release": row.release,
        "recommender": row.recommender,
        "writer": row.writer,
    }


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")
