"""Signing the audit log as soon as somebody was erased, so that the receipt has a signed checkpoint to lead to."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.keys import load_signer
from explainer.errors import ExplainerError
from explainer.storage.database import Database


@dataclass(frozen=True, slots=True)
class Signing:
    """What signs.

    Attributes:
        folder: Where signed checkpoints are kept.
        key: File of the key that signs them; where there is none, nothing is signed.
    """

    folder: CheckpointFolder
    key: Path

    def sign(self, database: Database) -> None:
        """Sign the log as it is, if that can be done here; else the service does it soon, or says why it cannot."""
        if self.key.is_file():  # a key made now would be nobody's whom auditors know
            with suppress(ExplainerError, OSError):
                sign_head(database, self.folder, load_signer(self.key))
