"""What the entries about a record are digests of, made anew from the record as a package holds it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import rfc8785
from sqlalchemy import inspect

from explainer.audit.check import Kept
from explainer.audit.errors import VerificationError
from explainer.service.audit_records import AuditRecord, Columns, Entry
from explainer.service.audited import KEPT
from explainer.storage.base import Base, UtcDateTime
from explainer.storage.explanation_tables import CounterfactualRow, EvidenceRow, ExplanationRow, FeedbackRow
from explainer.storage.reading_tables import RevisionRow, SuppressionRow

T = TypeVar("T", bound=Base)
_BY_EVENT = {event: kind for kind in KEPT for event in kind.events}


def statement_of(record: AuditRecord, entry: Entry, salt: str | None) -> bytes | None:
    """Return what an entry is the digest of, as canonical JSON; None if nothing of the kind is kept.

    Where several rows could be meant, the one that fits; where none fits, the first.

    Args:
        record: As it was read from a file or the database; no row of a session.
        entry: One of its entries.
        salt: The entry's, hexadecimal; None where it has none.

    Raises:
        VerificationError: If the record has not the form of one.
    """
    kind = _BY_EVENT.get(entry.event)
    if kind is None:
        return None
    try:
        found = [rfc8785.dumps(dict(kind.record(row))) for row in _meant(record, kind, entry.record_id)]
    except (
        ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, msgspec.MsgspecError,
    ) as error:  # fmt: skip
        raise VerificationError(f"What entry {entry.seq} is about has not the form of a record: {error}") from error
    return next((one for one in found if is_digest_of(entry.digest, one, salt)), found[0] if found else None)


def is_digest_of(digest: str, statement: bytes, salt: str | None) -> bool:
    """Return whether a digest is that of a statement.

    Raises:
        VerificationError: If the salt is none.
    """
    try:
        raw = bytes.fromhex(salt or "")
    except ValueError as error:
        raise VerificationError("A salt is hexadecimal; this is not.") from error
    return hashlib.sha256(raw + statement).hexdigest() == digest


def _meant(record: AuditRecord, kind: Kept, reference: str) -> Iterable[Base]:
    return [row for row in _rows(record, kind.table) if kind.reference(row) == reference]


def _rows(record: AuditRecord, table: type[Base]) -> list[Base]:
    if table is ExplanationRow:
        row = row_from(ExplanationRow, record.explanation)
        row.evidence = [row_from(EvidenceRow, one) for one in record.evidence]
        return [row]
    held: dict[type[Base], list[Columns]] = {
        CounterfactualRow: _some(record.counterfactual),
        FeedbackRow: record.feedback,
        RevisionRow: record.revisions,
        SuppressionRow: _some(record.suppression),
    }
    return [row_from(table, one) for one in held.get(table, [])]


def row_from(table: type[T], columns: Columns) -> T:
    """Return a row that belongs to no session; moments, which JSON has as text, are moments again."""
    known = inspect(table).column_attrs
    moments = {column.key for column in known if isinstance(column.columns[0].type, UtcDateTime)}
    return table(**{name: _moment(value) if name in moments else value for name, value in columns.items()})


def _moment(told: Any) -> datetime | None:  # noqa: ANN401  whatever stands in the file
    return msgspec.convert(told, datetime | None)


def _some(row: Columns | None) -> list[Columns]:
    return [] if row is None else [row]
