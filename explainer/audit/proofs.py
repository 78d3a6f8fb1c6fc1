"""Proofs about the log (RFC 6962): that an entry is in it, and that it has only grown; made here, checked anywhere.

A proof carries what it needs, all hashes in Base64, and the signed checkpoint that it leads to where there is one of
that size. Whoever has the public key needs nothing else: neither the log nor us.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
from sqlalchemy.orm import Session

from explainer.audit.checkpoints import CheckpointFolder, signed_checkpoint
from explainer.audit.entries import entry_bytes
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Subtree,
    Tree,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    leaf_hash,
    peaks_of,
    root_from_inclusion,
)
from explainer.audit.nodes import hashes_of, size_of
from explainer.audit.notes import Note, Verifier
from explainer.errors import NotFoundError, SearchError
from explainer.storage.audit_tables import AuditEntryRow

MOST = 2**53 - 1
"""The largest number that every reader of JSON understands."""
_MOST_BYTES = 200_000


class InclusionProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The proof that an entry is in the log.

    Attributes:
        seq: The entry's number.
        entry: The entry itself, canonical JSON (RFC 8785) without a line break: its bytes are what the leaf hashes.
        leaf_index: Its place among the leaves, from 0.
        tree_size: Entries of the log that it is proved to be in.
        leaf_hash: SHA-256 of a zero byte and the entry.
        audit_path: The hashes that lead from the leaf to the root, the lowest first.
        root_hash: The root that they lead to.
        checkpoint: The signed note of that size, whole; empty where nobody has signed that size.
    """

    seq: int
    entry: str
    leaf_index: int
    tree_size: int
    leaf_hash: str
    audit_path: list[str]
    root_hash: str
    checkpoint: str


class ConsistencyProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The proof that the log of one size begins with all of the log of another.

    Attributes:
        first: Entries of the earlier log,
        second: and of the later one.
        consistency: The hashes, in the order of RFC 6962.
        first_root: Root of the earlier one,
        second_root: and of the later one.
        first_checkpoint: The signed note of the earlier size, whole; empty where nobody has signed that size,
        second_checkpoint: and of the later one.
    """

    first: int
    second: int
    consistency: list[str]
    first_root: str
    second_root: str
    first_checkpoint: str
    second_checkpoint: str


class CheckedProof(msgspec.Struct, frozen=True):
    """What a proof that holds has shown.

    Attributes:
        shown: In words.
        signed: Whether the root that it leads to is in a checkpoint signed by a trusted key. Without that it shows only
            that its own parts fit together.
    """

    shown: str
    signed: bool


def prove_inclusion(session: Session, folder: CheckpointFolder, seq: int, size: int | None = None) -> InclusionProof:
    """Return the proof that an entry is in the log.

    Args:
        session: Open session.
        folder: Where checkpoints are.
        seq: The entry's number.
        size: Of the log that it is proved to be in; without one, that of the last checkpoint if it has the entry, else
            the log as it is now.

    Raises:
        NotFoundError: If there is no such entry.
        SearchError: If the log of that size does not have the entry, or never was.
        VerificationError: If a node of the tree is missing.
    """
    now = size_of(session)
    row = session.get(AuditEntryRow, seq) if 1 <= seq <= now else None
    if row is None:
        raise NotFoundError(f"The log has entries 1 to {now}; there is none at {seq}.")
    size = _signed_since(folder, seq, now) if size is None else size
    if not seq <= size <= now:
        raise SearchError(f"size: entry {seq} is in logs of {seq} to {now} entries, not in one of {size}.")
    proof = made_with(session, lambda subtree: inclusion_proof(seq - 1, size, subtree))
    entry = entry_bytes(row.seq, row.at, row.event, row.record_id, row.digest)
    return InclusionProof(
        seq=seq,
        entry=entry.decode(),
        leaf_index=seq - 1,
        tree_size=size,
        leaf_hash=_written(leaf_hash(entry)),
        audit_path=[_written(one) for one in proof],
        root_hash=_written(_root(session, size)),
        checkpoint=folder.note(size),
    )


def prove_consistency(session: Session, folder: CheckpointFolder, first: int, second: int | None) -> ConsistencyProof:
    """Return the proof that the log has only grown from one size to another.

    Args:
        session: Open session.
        folder: Where checkpoints are.
        first: Entries of the earlier log.
        second: Entries of the later one; without it, those of the last checkpoint if that is no older than the first,
            else the log as it is now.

    Raises:
        SearchError: If the log never had these sizes, or not in this order.
        VerificationError: If a node of the tree is missing.
    """
    now = size_of(session)
    second = _signed_since(folder, first, now) if second is None else second
    if not 0 <= first <= second <= now:
        raise SearchError(f"first, second: give 0 ≤ first ≤ second ≤ {now}, which is what the log has grown to.")
    proof = made_with(session, lambda subtree: consistency_proof(first, second, subtree))
    return ConsistencyProof(
        first=first,
        second=second,
        consistency=[_written(one) for one in proof],
        first_root=_written(_root(session, first)),
        second_root=_written(_root(session, second)),
        first_checkpoint=folder.note(first),
        second_checkpoint=folder.note(second),
    )


def read_proof(raw: bytes) -> InclusionProof | ConsistencyProof:
    """Return the proof of a file.

    Raises:
        VerificationError: If it is none.
    """
    if len(raw) > _MOST_BYTES:
        raise VerificationError("This is too long for a proof.")
    for read in (msgspec.json.Decoder(InclusionProof).decode, msgspec.json.Decoder(ConsistencyProof).decode):
        with suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
            return read(raw)
    raise VerificationError("This is no proof as explainer audit prove, consistency or the API under /v1/audit writes.")


def check_proof(proof: InclusionProof | ConsistencyProof, keys: Sequence[Verifier]) -> CheckedProof:
    """Check a proof with nothing but trusted keys.

    Args:
        proof: As it was read.
        keys: Public keys, any of which may have signed.

    Raises:
        VerificationError: If it does not prove what it says.
    """
    return _checked_inclusion(proof, keys) if isinstance(proof, InclusionProof) else _checked_consistency(proof, keys)


def _checked_inclusion(proof: InclusionProof, keys: Sequence[Verifier]) -> CheckedProof:
    leaf, path = leaf_hash(proof.entry.encode("utf-8", "surrogatepass")), [_hash(one) for one in proof.audit_path]
    told = _number_in(proof.entry)
    if told != proof.seq or proof.leaf_index != proof.seq - 1:
        raise VerificationError(f"The proof is for entry {proof.seq}, and the entry says that it is {told}.")
    if proof.tree_size > MOST or leaf != _hash(proof.leaf_hash):
        raise VerificationError("The leaf's hash is not that of the entry.")
    root = root_from_inclusion(leaf, proof.leaf_index, proof.tree_size, path)
    if root is None or root != _hash(proof.root_hash):
        raise VerificationError(f"The proof does not lead from entry {proof.seq} to the root.")
    signed = _is_signed(proof.checkpoint, proof.tree_size, root, keys)
    return CheckedProof(f"entry {proof.seq} is in the log of {proof.tree_size} entries", signed)


def _checked_consistency(proof: ConsistencyProof, keys: Sequence[Verifier]) -> CheckedProof:
    first, second, path = _hash(proof.first_root), _hash(proof.second_root), [_hash(one) for one in proof.consistency]
    if proof.second > MOST or not is_consistent(proof.first, proof.second, first, second, path):
        raise VerificationError(f"The log of {proof.second} entries has not grown out of that of {proof.first}.")
    signed = [
        _is_signed(proof.first_checkpoint, proof.first, first, keys) or (proof.first == 0 and first == EMPTY_ROOT),
        _is_signed(proof.second_checkpoint, proof.second, second, keys),
    ]
    return CheckedProof(f"the log of {proof.second} entries has grown out of that of {proof.first}", all(signed))


def _is_signed(note: str, size: int, root: bytes, keys: Sequence[Verifier]) -> bool:
    """Return whether there is a checkpoint; one that is not trusted or says something else is refused."""
    if not note:
        return False
    try:
        checkpoint = signed_checkpoint(Note.read(note.encode("utf-8", "surrogatepass")), keys)
    except VerificationError as error:
        raise VerificationError(f"The checkpoint cannot be trusted: {error}") from error
    if (checkpoint.size, checkpoint.root) != (size, root):
        raise VerificationError(f"The root at {size} entries is not the one that was signed.")
    return True


def made_with(session: Session, make: Callable[[Subtree], list[bytes]]) -> list[bytes]:
    """Return a proof, made with all nodes that it needs read at once: made with none first, to see which they are."""
    needed: dict[tuple[int, int], bytes] = {}

    def note(level: int, place: int) -> bytes:
        return needed.setdefault((level, place), bytes(HASH_BYTES))

    make(note)
    known = dict(zip(needed, hashes_of(session, list(needed)), strict=True))
    return make(lambda level, place: known[level, place])


def _signed_since(folder: CheckpointFolder, least: int, now: int) -> int:
    """Return the size of the last checkpoint, or that of the log where the checkpoint is older than one wants."""
    newest = folder.newest()  # once: it reads the whole folder
    return newest if least <= newest <= now else now


def _root(session: Session, size: int) -> bytes:
    return Tree(size, hashes_of(session, peaks_of(size))).root()


def _number_in(entry: str) -> object:
    try:
        read = msgspec.json.decode(entry)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        read = None
    return read.get("seq") if isinstance(read, dict) else None


def _written(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _hash(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != HASH_BYTES or _written(found) != text:
        raise VerificationError(f"A hash is 32 bytes in Base64; this is not: {text[:80]!r}")
    return found
