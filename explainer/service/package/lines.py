"""The lines of a package's files, written and read one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.audit.errors import VerificationError
from explainer.service.audit_records import AuditRecord, Entry
from explainer.service.package.proofs import Held, held_in, proved_by, statement_of
from explainer.storage.audit_tables import AuditSaltRow

T = TypeVar("T")
_LONGEST = 64_000_000
_CHUNK = 5000


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shows that an entry is about a record: SHA-256(salt + digested) is its digest.

    Attributes:
        seq: Number of the entry.
        salt: Hexadecimal; None where it was erased, or from before there were salts.
        digested: Canonical JSON of the record; None where the entry is about something that does not stay as it was,
            or about what is gone.
    """

    seq: int
    salt: str | None
    digested: str | None


def proof_lines(session: Session, records: Sequence[AuditRecord]) -> Iterator[bytes]:
    """Yield a line for every entry of records, in their order."""
    seqs = [entry.seq for record in records for entry in record.entries]
    salts: dict[int, str] = {}
    for start in range(0, len(seqs), _CHUNK):  # no database takes any number of parameters
        mine = select(AuditSaltRow).where(AuditSaltRow.seq.in_(seqs[start : start + _CHUNK]))
        salts |= {row.seq: row.value for row in session.scalars(mine)}
    for record in records:
        held = held_in(record)
        for entry in record.entries:
            salt = salts.get(entry.seq)
            statement = _statement(entry, salt, held.meant_by(entry))
            yield msgspec.json.encode(Proof(entry.seq, salt, None if statement is None else statement.decode())) + b"\n"


def _statement(entry: Entry, salt: str | None, meant: Sequence[Held]) -> bytes | None:
    """Return what an entry is the digest of; an altered salt, which is a finding, is that of none."""
    try:
        return statement_of(proved_by(entry, salt, meant), meant)
    except VerificationError:
        return statement_of(None, meant)


def records_in(path: Path) -> Iterator[AuditRecord]:
    """Yield the records of a file.

    Raises:
        VerificationError: If a line is none, or not written as we write it.
        OSError: If it cannot be read.
    """
    yield from lines_of(path, AuditRecord)


def proofs_in(path: Path) -> Iterator[Proof]:
    """Yield the proofs of a file; raises as :func:`records_in`."""
    yield from lines_of(path, Proof)


def lines_of(path: Path, kind: type[T]) -> Iterator[T]:
    """Yield what the lines of a file say; raises as :func:`records_in`."""
    decoder, encoder = msgspec.json.Decoder(kind), msgspec.json.Encoder()
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LONGEST + 1):
            number += 1
            try:
                read = decoder.decode(line)
                same = encoder.encode(read) + b"\n" == line  # so no key stands twice and nothing was left unread
            except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError) as error:
                raise VerificationError(f"{path.name}, line {number}: cannot be read ({error}).") from error
            if not same:
                raise VerificationError(f"{path.name}, line {number}: not written as a package's lines are.")
            yield read
