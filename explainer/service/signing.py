"""Whether the processes of one service sign the audit log with one key, and into one folder.

Hosts behind one database share neither by themselves. Two keys in one folder: the one that came second signs nothing,
unless the first has introduced it, and then the first signs nothing more. Two folders: each tells of only some of the
checkpoints, and by default also of only some of the erasures. It is warned of, and the service starts: a key that is
exchanged is another for as long as the processes are started anew one after the other, and a service that does not
start for it would take the recommendations with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from explainer.audit.checkpointer import Checkpointer
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.keys import make_signer
from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.storage.job_tables import ProcessRow


class Apart(StrEnum):
    """In what processes that sign differ."""

    KEYS = "keys"
    FOLDERS = "folders"


TOLD = {
    Apart.KEYS: (
        "Processes of this service sign the audit log with different keys. Give all hosts one EXPLAINER_AUDIT_KEY; "
        "to exchange it: explainer audit key --rotate, and start all of them again."
    ),
    Apart.FOLDERS: (
        "Processes of this service keep checkpoints of the audit log in different folders. Give all hosts one volume, "
        "named by EXPLAINER_CHECKPOINTS."
    ),
}
"""What to do about it; without a path or a key, for health is for everybody to read."""


@dataclass(frozen=True, slots=True)
class Signs:
    """With what a process signs.

    Attributes:
        key: Its public key; empty where it does not sign.
        folder: The mark of the folder where it keeps what it signed; empty where that is not known.
    """

    key: str = ""
    folder: str = ""

    @classmethod
    def of(cls, checkpointer: Checkpointer | None) -> Signs:
        """Return what a checkpointer signs with."""
        return cls() if checkpointer is None else cls(checkpointer.key, checkpointer.folder.mark())


@contextmanager
def signing(settings: Settings, database: Database) -> Iterator[Checkpointer]:
    """Sign the audit log during the block, and at its end.

    Raises:
        VerificationError: If the key cannot be used.
    """
    folder = CheckpointFolder(settings.checkpoint_folder)
    signer = make_signer(settings.signing_key, folder)
    checkpointer = Checkpointer(database, folder, signer, settings.checkpoint_entries, settings.checkpoint_s)
    try:
        yield checkpointer
    finally:
        checkpointer.close()


def apart(rows: Sequence[ProcessRow]) -> tuple[Apart, ...]:
    """Return in what the processes that sign differ."""
    keys = {row.signer for row in rows if row.signer}
    folders = {row.checkpoints for row in rows if row.checkpoints}
    found = ((Apart.KEYS, keys), (Apart.FOLDERS, folders))
    return tuple(kind for kind, held in found if len(held) > 1)
