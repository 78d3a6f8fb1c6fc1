"""Proofs about the audit log and its signed checkpoints, under /v1/audit: for auditors' own programs (RFC 6962)."""

from __future__ import annotations

import base64
from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from explainer.access import Scope
from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.notes import Note
from explainer.audit.proofs import MOST, ConsistencyProof, InclusionProof, prove_consistency, prove_inclusion
from explainer.errors import NotFoundError
from explainer.pipeline import Explainer
from explainer.server.auth import needs
from explainer.server.documented import problems

MAX_CHECKPOINTS = 1000
SizeParameter = Annotated[int, QueryParameter(ge=0, le=MOST)]


class SignedCheckpoint(msgspec.Struct, frozen=True):
    """The head of the log as it was at a moment, signed.

    Attributes:
        origin: Name of the key that signed.
        tree_size: Entries of the log.
        root_hash: Root of its tree, Base64.
        at: When it was signed, UTC; empty where the note does not say.
        note: The signed note, whole; verify this, the other fields are only read from it.
    """

    origin: str
    tree_size: int
    root_hash: str
    at: str
    note: str


class Checkpoints(msgspec.Struct, frozen=True):
    """Some checkpoints, the smallest first; ``next`` is the ``after`` of the following page, None after the last."""

    checkpoints: list[SignedCheckpoint]
    next: int | None


class ProofsController(Controller):
    """What shows, to whoever has the public key, that nothing on record was altered or dropped."""

    path = "/v1/audit"
    tags = ["audit"]  # noqa: RUF012

    @get(
        "/proofs/inclusion",
        opt=needs(Scope.AUDIT),
        sync_to_thread=True,
        summary="The proof that an entry is in the log",
        responses=problems(404),
    )
    def inclusion(
        self,
        explainer: NamedDependency[Explainer],
        checkpoints: NamedDependency[CheckpointFolder],
        seq: Annotated[int, QueryParameter(ge=1, le=MOST)],
        size: Annotated[int | None, QueryParameter(ge=1, le=MOST)] = None,
    ) -> InclusionProof:
        """Return entry, audit path (RFC 6962, 2.1.1) and the signed checkpoint that they lead to, where there is one.

        Without a size the proof is for the last checkpoint, or for the log as it is where that is older than the entry.
        """
        with explainer.database.session() as session:
            return prove_inclusion(session, checkpoints, seq, size)

    @get(
        "/proofs/consistency",
        opt=needs(Scope.AUDIT),
        sync_to_thread=True,
        summary="The proof that the log has only grown",
    )
    def consistency(
        self,
        explainer: NamedDependency[Explainer],
        checkpoints: NamedDependency[CheckpointFolder],
        first: SizeParameter,
        second: Annotated[int | None, QueryParameter(ge=0, le=MOST)] = None,
    ) -> ConsistencyProof:
        """Return the proof (RFC 6962, 2.1.2) that the log of one size begins with all of the log of another.

        Without a second size it is for the last checkpoint, or for the log as it is where that is older than the first.
        """
        with explainer.database.session() as session:
            return prove_consistency(session, checkpoints, first, second)

    @get("/checkpoints", opt=needs(Scope.AUDIT), sync_to_thread=True, summary="The signed heads of the log")
    def checkpoints(
        self,
        checkpoints: NamedDependency[CheckpointFolder],
        after: SizeParameter = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=MAX_CHECKPOINTS)] = 100,
    ) -> Checkpoints:
        """Return the signed notes (C2SP signed-note) as they are kept, those of the smallest logs first."""
        sizes = checkpoints.sizes(after, limit + 1)
        found = [_signed(checkpoints, size) for size in sizes[:limit]]
        return Checkpoints(found, sizes[limit - 1] if len(sizes) > limit else None)

    @get(
        "/checkpoints/latest",
        opt=needs(Scope.AUDIT),
        sync_to_thread=True,
        summary="The last signed head of the log",
        responses=problems(404),
    )
    def latest(self, checkpoints: NamedDependency[CheckpointFolder]) -> SignedCheckpoint:
        """Return the checkpoint of the largest log."""
        size = checkpoints.newest()
        if not size:
            raise NotFoundError("Nothing is signed yet; sign it now: explainer audit checkpoint")
        return _signed(checkpoints, size)


def _signed(folder: CheckpointFolder, size: int) -> SignedCheckpoint:
    note = folder.note(size)
    read = Checkpoint.read(Note.read(note.encode()).text)
    return SignedCheckpoint(read.origin, read.size, base64.b64encode(read.root).decode(), read.at, note)
