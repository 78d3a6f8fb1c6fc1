"""The erasures, and the ends of times to keep things, that a package names: what was removed is not missing.

Each is a record of its own that the log vouches for, and says which entries lost their salt in it: as ranges, without a
word of whom they were about.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.audit.outside import KEY_USED, RETENTION
from explainer.audit.spans import Span, Spans
from explainer.audit.verify import LogEntry
from explainer.service.audit_records import Columns, columns_of
from explainer.service.audited import KEPT
from explainer.service.package import manifest as names
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.ledger import Ledger
from explainer.service.package.lines import lines_of
from explainer.service.package.proofs import is_digest_of, row_from, stated
from explainer.storage.audit_tables import AuditEntryRow

_CHUNK = 500
_REMOVING = {event: kind for kind in KEPT if kind.removes is not None for event in kind.events}


class Removal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That something was removed, and the entry that says so.

    Attributes:
        seq: Number of the entry,
        at: when it was written,
        event: what it says,
        record_id: the id of the removal,
        digest: SHA-256(salt + the removal as canonical JSON),
        salt: and its salt, hexadecimal.
        row: The removal as it lies in the database.
    """

    seq: int
    at: datetime
    event: str
    record_id: str
    digest: str
    salt: str | None
    row: Columns


def removal_lines(session: Session) -> Iterator[bytes]:
    """Yield a line for every removal that the log tells of and that is still on record."""
    encoder = msgspec.json.Encoder()
    query = select(AuditEntryRow).where(AuditEntryRow.event.in_(_REMOVING)).order_by(AuditEntryRow.seq).limit(_CHUNK)
    before = 0
    while chunk := session.scalars(query.where(AuditEntryRow.seq > before)).all():
        before = chunk[-1].seq
        for entry in chunk:
            kind = _REMOVING[entry.event]
            row = session.scalar(select(kind.table).where(kind.column == entry.record_id))
            if row is not None:
                salt = None if entry.salt is None else entry.salt.value
                told = entry.seq, entry.at, entry.event, entry.record_id, entry.digest, salt, columns_of(row)
                yield encoder.encode(Removal(*told)) + b"\n"
        session.expunge_all()


class Removed:
    """The entries whose records were removed, as the removals of a package say.

    Args:
        folder: The package.
        ledger: Is told the entries of the removals.

    Raises:
        PackageTamperError: If one is not what its entry was made of.
        VerificationError: If a line is none.
    """

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        found: list[Span] = []
        self._plain: list[int] = []
        self._used: int | None = None
        for one in lines_of(folder / names.REMOVALS, Removal):
            found += _spans(one)
            ledger.expect(one.seq, one.at, one.event, one.record_id, one.digest)
            if one.event == RETENTION and one.row.get("seal") is None:
                self._plain.append(one.seq)
        self._spans = Spans(found)

    def cover(self, seq: int, event: str, record_id: str, at: datetime) -> bool:
        """Return whether a removal that may have taken what an entry is about names its number."""
        return self._spans.cover(seq, event, record_id, at)

    def take(self, entry: LogEntry) -> None:
        """Look at an entry of the log."""
        if self._used is None and entry.event == KEY_USED:
            self._used = entry.seq

    def end(self) -> None:
        """Say that the log has ended.

        Raises:
            PackageTamperError: If something was removed for its age without a seal, after the log says that there is a
                key for seals.
        """
        for seq in self._plain:
            if self._used is not None and seq > self._used:
                message = (
                    f"{names.REMOVALS}: the retention of entry {seq} has no seal, since entry {self._used} each must."
                )
                raise PackageTamperError(PackageFault.RECORD, f"entry {seq}", message)


def _spans(one: Removal) -> Iterator[Span]:
    """Yield the spans that a removal names; its entry can vouch only for what came before it."""
    kind = _REMOVING.get(one.event)
    row = None if kind is None else row_from(kind.table, one.row)
    statement = None if kind is None or row is None else stated(kind, row)
    if (
        kind is None
        or kind.removes is None
        or row is None
        or kind.reference(row) != one.record_id
        or statement is None
        or not is_digest_of(one.digest, statement, one.salt)
    ):
        message = f"{names.REMOVALS}: removal {one.record_id} is not what entry {one.seq} ({one.event}) was made of."
        raise PackageTamperError(PackageFault.RECORD, f"entry {one.seq}", message)
    limit = kind.limit(row)
    for first, last in msgspec.convert(kind.removes(row), list[tuple[int, int]]):
        yield first, min(last, one.seq - 1), limit
