"""What a person gets when they were erased: what went, when, and a proof that it is on record.

The proof can be checked by anybody without us (RFC 6962): the entry's digest is that of the receipt's own record under
its salt, and the entry is in a log of the stated root, which the next signed checkpoint continues.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.audit.entries import leaf_of
from explainer.audit.errors import VerificationError
from explainer.audit.log import head_of
from explainer.audit.merkle import inclusion_proof, is_included
from explainer.audit.nodes import hashes_of
from explainer.service.subject.records import erasure_record
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.removal_tables import ErasureRow


class Proof(msgspec.Struct, frozen=True):
    """That an entry is in the audit log.

    Attributes:
        seq: The entry's number, from 1.
        event: What it is called.
        at: When it was made.
        digest: SHA-256 of the salt and the record as canonical JSON (RFC 8785), hexadecimal.
        salt: Hexadecimal.
        record: What the entry is about.
        size: Entries of the log that it is proved to be in.
        root: Root of that log's Merkle tree, base64.
        hashes: The inclusion proof (RFC 6962), the lowest first, base64.
    """

    seq: int
    event: str
    at: datetime
    digest: str
    salt: str
    record: dict[str, Any]
    size: int
    root: str
    hashes: list[str]


class TrainingSet(msgspec.Struct, frozen=True):
    """A file that texts for the writer's training were written to.

    Attributes:
        id: Of its export.
        sha256: Of the file, by which it is known wherever it lies.
    """

    id: str
    sha256: str


class Receipt(msgspec.Struct, frozen=True):
    """That everything held about a person was removed.

    Attributes:
        id: Of the erasure.
        code: Stands for the person; only who has the service's key can tell for whom.
        requested_at: When it was asked for,
        ended_at: when everything was gone,
        seconds: and how long that took.
        counts: Rows that were removed or emptied, by table.
        refit: Versions of recommenders that may have been fitted with the person's behaviours; they hold weights of
            items and nothing of anybody, and the next fit is without the person.
        corpora: Training sets for the writer that have lines made of the person's explanations, without their name, to
            be made again without these. None for an erasure from before these were kept.
        cleared: Whether the database's files hold nothing of it any more. PostgreSQL keeps a write-ahead log, which
            forgets it when it is recycled; so do backups when they end. None where that was not looked at now.
        proof: That the erasure is on record.
    """

    id: str
    code: str
    requested_at: datetime
    ended_at: datetime
    seconds: float
    counts: dict[str, int]
    refit: list[str]
    cleared: bool | None
    proof: Proof
    corpora: list[TrainingSet] | None = None


def receipt_of(session: Session, row: ErasureRow) -> Receipt:
    """Return the receipt of an erasure, proved to be in the log as it is now."""
    entry = session.scalars(select(AuditEntryRow).where(AuditEntryRow.record_id == row.id)).first()
    if entry is None:
        raise VerificationError(f"The audit log has no entry of erasure {row.id}: it was altered by hand.")
    return Receipt(
        row.id,
        row.code,
        row.requested_at,
        row.ended_at,
        (row.ended_at - row.requested_at).total_seconds(),
        row.counts,
        row.training,
        None,
        _proof(session, entry, row),
        None if row.corpora is None else [TrainingSet(one["id"], one["sha256"]) for one in row.corpora],
    )


def check_receipt(receipt: Receipt) -> None:
    """Check that a receipt proves what it says; needs nothing but the receipt.

    Raises:
        VerificationError: If it does not.
    """
    proof = receipt.proof
    try:
        digest = hashlib.sha256(bytes.fromhex(proof.salt) + rfc8785.dumps(proof.record)).hexdigest()
        hashes = [base64.b64decode(one, validate=True) for one in proof.hashes]
        root = base64.b64decode(proof.root, validate=True)
        leaf = leaf_of(proof.seq, proof.at, proof.event, str(proof.record.get("id")), proof.digest)
    except (ValueError, binascii.Error, rfc8785.CanonicalizationError) as error:
        raise VerificationError(f"The receipt is not in the form of one: {error}") from error
    if digest != proof.digest:
        raise VerificationError("The receipt's record is not the one that the audit entry is about.")
    corpora = None if receipt.corpora is None else [msgspec.structs.asdict(one) for one in receipt.corpora]
    told = tuple(proof.record.get(name) for name in ("id", "code", "counts", "corpora"))
    if told != (receipt.id, receipt.code, receipt.counts, corpora):
        raise VerificationError("The receipt says something else than its record.")
    if not is_included(leaf, proof.seq - 1, proof.size, hashes, root):
        raise VerificationError("The proof does not lead to the root that the receipt states.")


def _proof(session: Session, entry: AuditEntryRow, row: ErasureRow) -> Proof:
    tree = head_of(session)
    hashes = inclusion_proof(entry.seq - 1, tree.size, lambda level, place: hashes_of(session, [(level, place)])[0])
    record: Mapping[str, Any] = erasure_record(row)
    return Proof(
        entry.seq,
        entry.event,
        entry.at,
        entry.digest,
        "" if entry.salt is None else entry.salt.value,
        dict(record),
        tree.size,
        base64.b64encode(tree.root()).decode(),
        [base64.b64encode(one).decode() for one in hashes],
    )
