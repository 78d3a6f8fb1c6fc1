"""What a person gets when they were erased: what went, when, and a proof that it is on record.

The proof can be checked by anybody without us (RFC 6962): the entry's digest is that of the receipt's own record under
its salt, and the entry is in a log of the stated root. That root anybody can make up; the checkpoint of it, signed by a
key that whoever checks has from elsewhere, nobody can.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.entries import entry_bytes, moment_of
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import Tree, inclusion_proof, leaf_hash, peaks_of
from explainer.audit.nodes import hashes_of, size_of
from explainer.audit.notes import Verifier
from explainer.audit.outside import ERASURES
from explainer.audit.proofs import InclusionProof, check_proof, made_with
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
        checkpoint: The signed note of that size, whole; empty where nobody has signed that size yet. Whoever is erased
            a second time, with nothing more to erase, gets the same receipt, led to the last checkpoint of then.
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
    checkpoint: str = ""


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
            forgets it when it is recycled; so do backups when they end. None where that was not looked at now. The
            proof does not speak of it.
        proof: That the erasure is on record.
        adapters: Versions of the writer's adapters whose cards say that they were trained with such lines, to be
            trained again without them. None for an erasure from before the cards said so.
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
    adapters: list[str] | None = None


def receipt_of(session: Session, row: ErasureRow, folder: CheckpointFolder | None = None) -> Receipt:
    """Return the receipt of an erasure.

    Args:
        session: Open session.
        row: The erasure.
        folder: Where signed checkpoints are: it is proved to be in the log of the last one. Without one that has it,
            in the log as it is now.

    Raises:
        VerificationError: If the log has no entry of it.
    """
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
        _proof(session, entry, row, folder),
        None if row.corpora is None else [TrainingSet(one["id"], one["sha256"]) for one in row.corpora],
        row.adapters,
    )


def check_receipt(receipt: Receipt, keys: Sequence[Verifier] = ()) -> bool:
    """Check that a receipt proves what it says, ``cleared`` aside; needs nothing but the receipt and trusted keys.

    Args:
        receipt: As it was read.
        keys: Public keys, any of which may have signed; without any the checkpoint is not looked at.

    Returns:
        Whether a trusted key has signed the log that it is in. Without that it shows only that its parts fit together,
        which anybody could make.

    Raises:
        VerificationError: If it does not.
    """
    proof = receipt.proof
    if proof.event not in ERASURES:
        raise VerificationError(f"The receipt's entry is about {proof.event[:80]!r}, which is no erasure.")
    try:
        digest = hashlib.sha256(bytes.fromhex(proof.salt) + rfc8785.dumps(proof.record)).hexdigest()
        entry = entry_bytes(proof.seq, proof.at, proof.event, str(proof.record.get("id")), proof.digest)
        leaf = base64.b64encode(leaf_hash(entry)).decode()
        told = _told(receipt)
    except (ValueError, TypeError, OverflowError, binascii.Error, rfc8785.CanonicalizationError) as error:
        raise VerificationError(f"The receipt is not in the form of one: {error}") from error
    if digest != proof.digest:
        raise VerificationError("The receipt's record is not the one that the audit entry is about.")
    if told != {name: proof.record.get(name) for name in told}:
        raise VerificationError("The receipt says something else than its record.")
    if receipt.seconds != (receipt.ended_at - receipt.requested_at).total_seconds():
        raise VerificationError("The receipt's seconds are not those between its moments.")
    note = proof.checkpoint if keys else ""
    made = InclusionProof(
        proof.seq, entry.decode(), proof.seq - 1, proof.size, leaf, proof.hashes, proof.root, checkpoint=note
    )
    return check_proof(made, keys).signed


def _told(receipt: Receipt) -> Mapping[str, Any]:
    """Return what a receipt says of the erasure, as its record has it."""
    return {
        "id": receipt.id,
        "code": receipt.code,
        "requested_at": moment_of(receipt.requested_at),
        "ended_at": moment_of(receipt.ended_at),
        "counts": receipt.counts,
        "training": receipt.refit,
        "corpora": None if receipt.corpora is None else [msgspec.structs.asdict(one) for one in receipt.corpora],
        "adapters": receipt.adapters,
    }


def _proof(session: Session, entry: AuditEntryRow, row: ErasureRow, folder: CheckpointFolder | None) -> Proof:
    size, signed = size_of(session), 0 if folder is None else folder.newest()
    size = signed if entry.seq <= signed <= size else size
    hashes = made_with(session, lambda subtree: inclusion_proof(entry.seq - 1, size, subtree))
    return Proof(
        entry.seq,
        entry.event,
        entry.at,
        entry.digest,
        "" if entry.salt is None else entry.salt.value,
        dict(erasure_record(row)),
        size,
        base64.b64encode(Tree(size, hashes_of(session, peaks_of(size))).root()).decode(),
        [base64.b64encode(one).decode() for one in hashes],
        "" if folder is None else folder.note(size),
    )
