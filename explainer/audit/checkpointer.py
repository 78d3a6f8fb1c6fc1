"""Signs the head of the log now and then, for as long as a service runs."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from explainer.audit.checkpoints import Checkpoint, CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import Tree, peaks_of
from explainer.audit.nodes import hashes_of, head_of, size_of
from explainer.audit.notes import Signer
from explainer.errors import ExplainerError
from explainer.storage.database import Database

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0


def sign_head(database: Database, folder: CheckpointFolder, signer: Signer) -> Checkpoint | None:
    """Sign the log as it is now and return the checkpoint; None where there is nothing new.

    A log that is not the continuation of what was signed last is not signed: that would vouch for a forgery.

    Raises:
        VerificationError: If the log does not continue the last checkpoint.
        OSError: If the checkpoint cannot be written.
    """
    # Before the log is looked at, so that what others sign meanwhile is not ahead of it.
    last = folder.last(signer.verifier)
    with database.session() as session:
        return sign_after(session, folder, signer, last)


def sign_after(
    session: Session, folder: CheckpointFolder, signer: Signer, last: Checkpoint | None
) -> Checkpoint | None:
    """Sign the log as it is in a session's transaction; as :func:`sign_head`.

    Args:
        session: Open session; it began after the last checkpoint was looked for.
        folder: Where checkpoints go.
        signer: Signs it.
        last: The last checkpoint; None without one.
    """
    tree = head_of(session)
    if last is not None:
        _require_continued(session, tree, last)
        if last.size == tree.size:
            return None
    if not tree.size:
        return None
    at = datetime.now(UTC).isoformat(timespec="seconds")
    checkpoint = Checkpoint(signer.name, tree.size, tree.root(), at, 0 if last is None else last.size)
    folder.add(checkpoint, signer)
    return checkpoint


def _require_continued(session: Session, tree: Tree, last: Checkpoint) -> None:
    if tree.size < last.size:
        raise VerificationError(f"The log has {tree.size} entries, and {last.size} were signed: its end was cut off.")
    if Tree(last.size, hashes_of(session, peaks_of(last.size))).root() != last.root:
        raise VerificationError(f"The log is another than the one that was signed at {last.size} entries.")


class Checkpointer:
    """Signs in a thread of its own: after so many entries or seconds, and at the end.

    Several may do so at once, one in each process of a service: a size is written once, by whoever comes first.

    Args:
        database: Holds the log.
        folder: Where checkpoints go.
        signer: Signs them.
        entries: After so many new ones it signs at once,
        seconds: and otherwise after so many seconds with at least one.

    Attributes:
        folder: See above.
        trouble: Why it could not sign the last time; empty when it could. The service goes on without.
        failures: How often it could not.
    """

    def __init__(
        self, database: Database, folder: CheckpointFolder, signer: Signer, entries: int, seconds: float
    ) -> None:
        self.folder, self.trouble, self.failures = folder, "", 0
        self._database, self._signer = database, signer
        self._entries, self._seconds = entries, seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)
        self._thread.start()

    @property
    def key(self) -> str:
        """The public key that it signs with."""
        return str(self._signer.verifier)

    def close(self) -> None:
        """Sign what is there and end the thread."""
        self._ended.set()
        self._thread.join(10.0)

    def _work(self) -> None:
        signed, since = self.folder.newest(), time.monotonic()
        while not self._ended.wait(min(_LOOK_EVERY_S, self._seconds)):
            try:
                with self._database.session() as session:
                    new = size_of(session) - signed
            except ExplainerError:
                continue  # a database that is away comes back, and whoever needs it says so
            # A log that has become shorter than what was signed is looked at as well: that is what signing refuses.
            if abs(new) >= self._entries or (new and time.monotonic() - since >= self._seconds):
                newest, since = self.folder.newest(), time.monotonic()
                # Where several processes sign, whoever is due first has signed for the others.
                signed = newest if newest > signed else self._sign(signed)
        self._sign(signed)

    def _sign(self, before: int) -> int:
        try:
            sign_head(self._database, self.folder, self._signer)
            signed = self.folder.newest()  # perhaps another process has signed more
        except (ExplainerError, OSError) as error:
            if not self.trouble:
                _log.error("The audit log is not signed: %s", error)
            self.trouble, self.failures = str(error), self.failures + 1
            return before
        if self.trouble:
            _log.info("The audit log is signed again")
        self.trouble = ""
        return signed
