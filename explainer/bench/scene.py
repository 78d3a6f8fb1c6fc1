"""A log to be tampered with: real entries in a real database, signed on the way, with a rotation of the key."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, insert, text
from sqlalchemy.orm import Session

from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.entries import entry_bytes, leaf_of
from explainer.audit.log import append
from explainer.audit.merkle import Tree
from explainer.audit.nodes import size_of
from explainer.audit.notes import Signer
from explainer.audit.sources import export_entries, stored_entries
from explainer.storage.audit_tables import AuditEntryRow, AuditNodeRow
from explainer.storage.database import Database

SIZE = 60
SIGNED = (8, 20, 33, 47, SIZE)
"""Sizes at which it is signed; the key changes after the third."""
_ROTATED = 33
_WITHOUT_KEY = {
    "sqlite": (
        "CREATE TABLE keyless AS SELECT * FROM {}",
        "DROP TABLE {}",
        "ALTER TABLE keyless RENAME TO {}",
    ),
    "postgresql": (
        "CREATE TEMPORARY TABLE {0} ON COMMIT DROP AS SELECT * FROM {0}",  # it stands before the one that it is made of
    ),
}
_GUARDS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit_entries', 'audit_nodes')"


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as the database has it."""

    seq: int
    at: datetime
    event: str
    record_id: str
    digest: str
    leaf: str

    def line(self) -> bytes:
        """Return the line of an export."""
        return entry_bytes(self.seq, self.at, self.event, self.record_id, self.digest) + b"\n"

    def hashed(self) -> str:
        """Return the leaf's hash as it would be for what the entry says, hexadecimal."""
        return leaf_of(self.seq, self.at, self.event, self.record_id, self.digest).hex()


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is before anybody lays a hand on it.

    Attributes:
        database: Holds the log; nothing guards it any more.
        folder: Where the checkpoints are.
        old: The key that an outsider trusts,
        new: and the one that came after it.
        scratch: For files of attackers.
    """

    database: Database
    folder: Path
    old: Signer
    new: Signer
    scratch: Path

    def public_keys(self) -> list[str]:
        """Return what an outsider may trust: either key stands for the other."""
        return [str(self.old.verifier), str(self.new.verifier)]

    def entries(self) -> list[Stored]:
        """Return the log."""
        with self.database.session() as session:
            read = stored_entries(session)
            return [Stored(e.seq, datetime.fromisoformat(e.at), *e[2:5], e.leaf or "") for e in read]

    def lines(self) -> list[bytes]:
        """Return the export."""
        with self.database.session() as session:
            return list(export_entries(session))

    @contextmanager
    def meanwhile(self) -> Iterator[Session]:
        """Yield a session in which anything can be done; nothing of it stays."""
        with Session(self.database.engine) as session:
            # SQLite's driver begins a transaction with the first change only.
            session.execute(text("UPDATE audit_entries SET seq = seq WHERE seq < 0"))
            yield session
            session.rollback()

    def without_key(self, session: Session) -> None:
        """Make the tables anew without what keeps their numbers apart, as the owner of a database can."""
        for table in ("audit_entries", "audit_nodes"):
            for statement in _WITHOUT_KEY[session.get_bind().dialect.name]:
                session.execute(text(statement.format(table)))

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """Yield a copy of the checkpoints' folder that is gone afterwards."""
        copy = self.scratch / "copy"
        shutil.copytree(self.folder, copy)
        try:
            yield copy
        finally:
            shutil.rmtree(copy)


def make_scene(url: str, folder: Path, size: int = SIZE, signed: Sequence[int] = SIGNED) -> Scene:
    """Return a scene on an empty database.

    Args:
        url: The database's.
        folder: For everything else; empty.
        size: Entries of the log.
        signed: Sizes at which it is signed.
    """
    database, checkpoints = Database(url), CheckpointFolder(folder / "checkpoints")
    database.migrate()
    old, new = Signer.new("shop"), Signer.new("shop.2")
    for end in sorted({*signed, size}):
        grow(database, end)
        if end > _ROTATED:
            checkpoints.rotate(old, new, _ROTATED)  # once: what is there stays
        if end in signed:
            sign_head(database, checkpoints, old if end <= _ROTATED else new)
    (folder / "scratch").mkdir()
    _unguard(database)
    return Scene(database, checkpoints.folder, old, new, folder / "scratch")


def grow(database: Database, end: int) -> None:
    """Append entries up to a number."""
    with database.session() as session:
        for number in range(size_of(session) + 1, end + 1):
            append(session, "bench.happened", f"record-{number}", {"number": number})


def write_entries(session: Session, entries: Sequence[Stored], *, tree: bool) -> None:
    """Put other entries in the place of the log's.

    Args:
        session: Open session.
        entries: All of them.
        tree: Whether the nodes are made to fit them, too.
    """
    session.execute(delete(AuditEntryRow))
    values = ("seq", "at", "event", "record_id", "digest", "leaf")
    if entries:
        session.execute(insert(AuditEntryRow), [{name: getattr(one, name) for name in values} for one in entries])
    if not tree:
        return
    session.execute(delete(AuditNodeRow))
    grown = Tree()
    made = [node for one in entries for node in grown.append(bytes.fromhex(one.leaf)) if node[0]]
    if made:
        session.execute(insert(AuditNodeRow), [{"level": a, "place": b, "hash": c.hex()} for a, b, c in made])


def _unguard(database: Database) -> None:
    """Take away the triggers, as the owner of a database can."""
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            for table in ("audit_entries", "audit_nodes"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            return
        for (name,) in connection.execute(text(_GUARDS)).all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
