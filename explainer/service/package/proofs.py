"""What the entries about a record are digests of, made anew from the record as a package holds it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
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
from explainer.storage.reading_tables import ReviewRow, RevisionRow, SuppressionRow, ViewRow

T = TypeVar("T", bound=Base)
_RUBBISH = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, msgspec.MsgspecError)
_PACKED = (ExplanationRow, CounterfactualRow, FeedbackRow, RevisionRow, SuppressionRow, ReviewRow, ViewRow)
_OF_TABLE = {kind.table: kind for kind in KEPT}
KIND_OF = {event: kind for kind in KEPT for event in kind.events}
"""Event → what its entries are about."""
ABOUT_RECORDS = frozenset(event for kind in KEPT if kind.table in _PACKED for event in kind.events)
"""Events whose entries a record has to list."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A row of a record that entries are about.

    Attributes:
        kind: What it is.
        row: It; belongs to no session.
        reference: What entries call it.
        statement: What its entry is the digest of, as canonical JSON; None where it has not the form of such a row.
        due: Whether it has to have an entry.
    """

    kind: Kept
    row: Base
    reference: str
    statement: bytes | None
    due: bool

    @property
    def name(self) -> str:
        """The row, in words."""
        return f"the row {self.reference} of {self.row.__tablename__}"


class HeldRows:
    """The rows of a record, found by what entries call them: everybody who looks at one adds a row.

    Args:
        rows: All of them.
    """

    def __init__(self, rows: Sequence[Held]) -> None:
        self.rows = rows
        self._called: dict[str, list[Held]] = {}
        for one in rows:
            self._called.setdefault(one.reference, []).append(one)

    def meant_by(self, entry: Entry) -> list[Held]:
        """Return the rows that an entry may be about."""
        kind = KIND_OF.get(entry.event)
        return [one for one in self._called.get(entry.record_id, ()) if one.kind is kind]


def held_in(record: AuditRecord) -> HeldRows:
    """Return the rows of a record.

    Args:
        record: As it was read from a file or the database; no row of a session.

    Raises:
        VerificationError: If the record has not the form of one.
    """
    try:
        return HeldRows([_held(row) for row in _rows(record)])
    except _RUBBISH as error:
        raise VerificationError(f"This has not the form of a record: {error}") from error


def proved_by(entry: Entry, salt: str | None, meant: Sequence[Held]) -> Held | None:
    """Return the row that an entry is the digest of; None where it is of none.

    Raises:
        VerificationError: If the salt is none.
    """
    return next((one for one in meant if one.statement and is_digest_of(entry.digest, one.statement, salt)), None)


def statement_of(found: Held | None, meant: Sequence[Held]) -> bytes | None:
    """Return what an entry is the digest of, as canonical JSON; None if nothing of the kind is kept.

    Where several rows could be meant, the one that fits; where none fits, the first.
    """
    one = found or (meant[0] if meant else None)
    return None if one is None else one.statement


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


def row_from(table: type[T], columns: Columns) -> T:
    """Return a row that belongs to no session; moments, which JSON has as text, are moments again."""
    known = inspect(table).column_attrs
    moments = {column.key for column in known if isinstance(column.columns[0].type, UtcDateTime)}
    return table(**{name: _moment(value) if name in moments else value for name, value in columns.items()})


def stated(kind: Kept, row: Base) -> bytes | None:
    """Return what an entry about a row is the digest of; None where the row has not the form of one of its kind."""
    try:
        return rfc8785.dumps(dict(kind.record(row)))
    except _RUBBISH:
        return None


def _held(row: Base) -> Held:
    kind = _OF_TABLE[type(row)]
    # A review that is open has no entry that stays true of it.
    due = not isinstance(row, ReviewRow) or row.verdict is not None
    return Held(kind, row, kind.reference(row), stated(kind, row), due)


def _rows(record: AuditRecord) -> list[Base]:
    explanation = row_from(ExplanationRow, record.explanation)
    explanation.evidence = [row_from(EvidenceRow, one) for one in record.evidence]
    held: list[tuple[type[Base], Sequence[Columns]]] = [
        (CounterfactualRow, _some(record.counterfactual)),
        (FeedbackRow, record.feedback),
        (RevisionRow, record.revisions),
        (SuppressionRow, _some(record.suppression)),
        (ReviewRow, _some(record.review)),
        (ViewRow, record.views),
    ]
    return [explanation, *(row_from(table, one) for table, rows in held for one in rows)]


def _moment(told: Any) -> datetime | None:  # noqa: ANN401  whatever stands in the file
    return msgspec.convert(told, datetime | None)


def _some(row: Columns | None) -> list[Columns]:
    return [] if row is None else [row]
