"""Erasing a person: everything that is held of them goes in one transaction, with an audit entry that says so.

What stays is an entry of the log, whose record holds a code in place of the person, and a line of the erasure list,
which brings the erasure back after a backup was restored.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.staff import on_record
from explainer.errors import ConflictError
from explainer.scratch import sweep
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.listed import ErasureList, Line
from explainer.service.subject.receipts import Receipt, receipt_of
from explainer.service.subject.records import DONE, erasure_record
from explainer.service.subject.sealing import is_sealed, is_use_of
from explainer.service.subject.shared import require_shared_key
from explainer.service.subject.signing import Signing
from explainer.settings import Settings
from explainer.storage.adapters import trained_with
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import now
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.clearing import Clearer
from explainer.storage.corpora import corpora_with, lines_of
from explainer.storage.database import Database
from explainer.storage.erasing import clear, hold, is_held, remove
from explainer.storage.removal_tables import ErasureRow, RetentionRow
from explainer.storage.version_tables import ModelVersionRow

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Erasing:
    """What erasures need besides the database.

    Attributes:
        key: Makes codes.
        list: Tells restored backups.
        clearer: Overwrites what was erased behind the answer where that takes long; else whoever erases waits for it.
        signing: Signs the log for the receipt; without it nobody has signed what a receipt leads to.
        scratch: Folder of what is only there while it is made: what a process that is gone has left there goes, too.
    """

    key: ErasureKey
    list: ErasureList
    clearer: Clearer | None = None
    signing: Signing | None = None
    scratch: Path | None = None

    @classmethod
    def of(cls, settings: Settings, *, make: bool = True) -> Self:
        """Return what the settings name; the key is made if there is none.

        Args:
            settings: Of the service.
            make: Whether to make one.

        Raises:
            ErasureError: If the key cannot be used; or if there is none, and none is made.
        """
        key = ErasureKey.load(settings.code_key, make=make)
        signing = Signing(CheckpointFolder(settings.checkpoint_folder), settings.signing_key)
        return cls(key, ErasureList(settings.erased, key), signing=signing, scratch=settings.scratch)

    @classmethod
    def unlisted(cls) -> Self:
        """Return a key that nobody keeps and no list: for a service whose database has no backups."""
        key = ErasureKey.new()
        return cls(key, ErasureList(None, key))

    @property
    def fingerprint(self) -> str:
        """What the log calls the key, and nobody can tell it from."""
        return self.key.fingerprint

    def listed(self) -> frozenset[str] | None:
        """Return the ids of the erasures on the list; None where none is kept.

        Raises:
            ErasureError: If it cannot be read.
        """
        return None if self.list.path is None else frozenset(line.id for line in self.list.lines())

    def sealed(self, retention: RetentionRow) -> bool:
        """Return whether a retention has a seal of the key."""
        return is_sealed(self.key, retention)

    def uses(self, entry: AuditEntryRow) -> bool:
        """Return whether an entry says that the key is in use, and was made by somebody who has it."""
        return is_use_of(self.key, entry)


def erase(database: Database, erasing: Erasing, user: str, by: str) -> Receipt:
    """Erase a person and return the receipt; a second time changes nothing and returns the same one.

    Args:
        database: Where everything is.
        erasing: Key and list.
        user: Whom.
        by: Name of whoever asks for it.

    Raises:
        ErasureError: If the erasure cannot be listed, or others use another key here; then nothing is erased.
        ConflictError: If others keep writing about the same person at the same moment.
        BusyError: If the database cannot be used now.
    """
    require_shared_key(database, erasing.list)
    code = erasing.key.code(user)
    with database.session() as session:
        earlier = newest(session, code)
        held = is_held(session, user)
    if earlier is not None and not held:
        return signed_receipt(database, erasing, earlier)
    line = Line(str(uuid.uuid4()), code, now())
    erasing.list.add(line)
    receipt = carry_out(database, erasing, line, user, by, DONE)
    if receipt is not None:
        return _cleared(database, erasing, receipt)
    with database.session() as session:
        theirs, held = session.get_one(ErasureRow, line.id), is_held(session, user)
    if held:
        raise ConflictError("A process that was just starting has erased them, and they came back since; ask again.")
    return _cleared(database, erasing, signed_receipt(database, erasing, theirs))


def carry_out(
    database: Database, erasing: Erasing, line: Line, user: str | None, by: str, event: str
) -> Receipt | None:
    """Carry out an erasure that is listed, and return the receipt; the caller overwrites what it was.

    Args:
        database: Where everything is.
        erasing: Key and list.
        line: The list's.
        user: Whom; None if nobody in the database is meant, which is then put on record.
        by: Name of whoever asks for it.
        event: What its audit entry is called.

    Returns:
        The receipt; None where another process was first to carry out this very line: whoever starts looks for lines
        that are not carried out yet.

    Raises:
        ConflictError: If others keep writing about the same person at the same moment.
    """
    with database.session() as session:
        who = on_record(session, by)  # by itself: whoever else does something under that name waits for it
    tries = 0
    while True:
        try:
            with database.session() as session:
                row = _removed(session, line, user, who)
                log.append(session, event, row.id, erasure_record(row))
            return signed_receipt(database, erasing, row)
        except ConflictError:
            tries += 1
            with database.session() as session:
                if session.get(ErasureRow, line.id) is not None:
                    return None
            if tries == _TRIES:
                raise  # somebody keeps adding to one of the explanations when it is about to go


def signed_receipt(database: Database, erasing: Erasing, row: ErasureRow) -> Receipt:
    """Return the receipt of an erasure, led to a signed checkpoint where the log can be signed."""
    if erasing.signing is not None:
        erasing.signing.sign(database)
    with database.session() as session:
        return receipt_of(session, row, None if erasing.signing is None else erasing.signing.folder)


def _cleared(database: Database, erasing: Erasing, receipt: Receipt) -> Receipt:
    """Overwrite what an erasure has deleted, and return its receipt with what came of that."""
    if erasing.scratch is not None:
        with suppress(OSError):
            sweep(erasing.scratch)
    tables = receipt.counts.keys()
    done = clear(database, tables) if erasing.clearer is None else erasing.clearer.clear(tables)
    return msgspec.structs.replace(receipt, cleared=done)


def newest(session: Session, code: str) -> ErasureRow | None:
    """Return the last erasure of whom a code stands for."""
    query = select(ErasureRow).where(ErasureRow.code == code).order_by(ErasureRow.ended_at.desc()).limit(1)
    return session.scalar(query)


def _removed(session: Session, line: Line, user: str | None, by: str) -> ErasureRow:
    if user is not None:
        hold(session, user)  # whoever writes a training set now is done first, so that the receipt names it
    acted = user is not None and _has_acted(session, user)
    corpora = [] if user is None else corpora_with(session, user)
    lines = [] if user is None else lines_of(session, user)
    counts, entries = ({}, []) if user is None else remove(session, user, log.take_turn)
    row = ErasureRow(
        id=line.id,
        code=line.code,
        by=by,
        requested_at=line.at,
        ended_at=now(),
        counts=counts,
        entries=entries,
        # Looked for in our turn: whoever notes a fit takes one, too.
        training=_recommenders(session) if acted else [],
        corpora=corpora,
        lines=lines,
        adapters=trained_with(session, lines),
    )
    session.add(row)
    session.flush()
    return row


def _has_acted(session: Session, user: str) -> bool:
    return session.scalar(select(BehaviourRow.id).where(BehaviourRow.user_id == user).limit(1)) is not None


def _recommenders(session: Session) -> list[str]:
    """Return the recommenders that may have been fitted with somebody's behaviours: all that are known.

    When a behaviour was stored is not known, so none of them can be ruled out.
    """
    known = select(ModelVersionRow.version).where(ModelVersionRow.kind == "recommender")
    return list(session.scalars(known.order_by(ModelVersionRow.created_at, ModelVersionRow.version)))
