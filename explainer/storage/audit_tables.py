"""The audit log, and beside it what can be erased: the salts of its entries, and whom they are about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from explainer.storage.base import MANY, RECORD_ID, Base, now


class AuditEntryRow(Base):
    """One thing that happened, by reference and digest; holds no personal text.

    Attributes:
        seq: From 1, without gaps.
        leaf: Hash of the entry as a leaf of the log's Merkle tree, hexadecimal.
    """

    __tablename__ = "audit_entries"
    seq: Mapped[int] = mapped_column(MANY, primary_key=True, autoincrement=False)
    event: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[str] = mapped_column(RECORD_ID, index=True)
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=now)
    leaf: Mapped[str] = mapped_column(String(64))
    salt: Mapped[AuditSaltRow | None] = relationship(
        lazy="joined", viewonly=True, primaryjoin="foreign(AuditSaltRow.seq) == AuditEntryRow.seq", uselist=False
    )


class AuditSaltRow(Base):
    """What an entry's digest is salted with, so that nobody who has the log can guess what a record said.

    The log keeps the entry for ever; this goes with the record when that is erased, and then nothing can be told of it
    any more. Entries from before there were salts have none.

    Attributes:
        value: Random, hexadecimal.
    """

    __tablename__ = "audit_salts"
    seq: Mapped[int] = mapped_column(MANY, primary_key=True, autoincrement=False)
    value: Mapped[str] = mapped_column(String(32))


class AuditSubjectRow(Base):
    """Whom an entry is about, for access and erasure; kept beside the log and not in it, and erased with the salt.

    An entry about several people (a batch of behaviours) has several.
    """

    __tablename__ = "audit_subjects"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  the key is all there is: no second tree for it
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    seq: Mapped[int] = mapped_column(MANY, primary_key=True, autoincrement=False)


class AuditNodeRow(Base):
    """The root of a complete subtree of the audit log's Merkle tree, above its leaves.

    Attributes:
        level: From 1; it is over two to the level entries.
        place: Which of those, from 0.
        hash: Hexadecimal.
    """

    __tablename__ = "audit_nodes"
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(MANY, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
