"""Exchanges the key that signs checkpoints: each step can be done again, and none leaves a key that nobody holds."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from explainer.audit.appending import take_turn
from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.files import replace
from explainer.audit.keys import load_signer, write_signer
from explainer.audit.log import append, head_of
from explainer.audit.notes import Signer
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.database import Database

_ROTATED = "audit.key_rotated"


def rotate_key(database: Database, folder: CheckpointFolder, path: Path) -> Signer:
    """Return a new key that has taken the place of the one in a file.

    The new one is kept beside it first, then introduced, and put in its place last: if interrupted, call again.

    Args:
        database: Holds the log.
        folder: Where checkpoints go.
        path: The key's file.

    Raises:
        VerificationError: If the log does not continue the last checkpoint, or somebody else has exchanged the key.
        ExplainerError: If something cannot be written.
    """
    old, beside = load_signer(path), path.with_name(f"{path.name}.next")
    new = _next(beside, old)
    if folder.trust(old.verifier).after[:1] != (new.verifier,):
        _introduce(database, folder, old, new)
    _note(database, folder.trust(old.verifier).key.until, old, new)
    try:
        replace(beside, path)
    except OSError as error:
        raise VerificationError(
            f"{path} cannot be replaced ({error.strerror}); the new key is {beside}, and the old one signs no more: "
            "put the new one in its place by hand, then start again whatever signs."
        ) from error
    sign_head(database, folder, new)  # or it would verify nothing yet
    return new


def _next(beside: Path, old: Signer) -> Signer:
    name, _, count = old.name.partition(".")
    try:
        write_signer(beside, Signer.new(f"{name}.{int(count) + 1 if count.isdecimal() else 2}"))
    except OSError as error:
        raise VerificationError(
            f"{beside} cannot be written ({error.strerror}); the key is as it was. Where it is a mounted "
            "secret, copy it to a folder of your own, set EXPLAINER_AUDIT_KEY to the copy, rotate, and put the "
            "new one into the secret."
        ) from error
    return load_signer(beside)


def _introduce(database: Database, folder: CheckpointFolder, old: Signer, new: Signer) -> None:
    sign_head(database, folder, old)
    with database.session() as session:
        take_turn(session)  # nobody writes an entry, so nobody signs more with the old key than it is told to
        if folder.trust(old.verifier).after:
            raise VerificationError(f"Another key has followed {old.name!r} already; give this host that one.")
        size = head_of(session).size
        try:
            folder.rotate(old, new, size)
        except OSError as error:
            raise VerificationError(
                f"{folder.folder} cannot be written ({error.strerror}); the key is as it was."
            ) from error


def _note(database: Database, size: int | None, old: Signer, new: Signer) -> None:
    """See that the log says it, too; whoever was interrupted before it did calls again."""
    ids = {"old": str(old.verifier), "new": str(new.verifier), "size": size}
    record_id = new.verifier.id.hex()
    told = select(AuditEntryRow.seq).where(AuditEntryRow.record_id == record_id, AuditEntryRow.event == _ROTATED)
    with database.session() as session:
        take_turn(session)
        if session.scalar(told.limit(1)) is None:
            append(session, _ROTATED, record_id, ids)
