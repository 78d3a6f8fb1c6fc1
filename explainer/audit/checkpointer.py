"""Signs the head of the log now and then, for as long as a service runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from explainer.audit.checkpoints import Checkpoint, CheckpointFolder, begin_anew
from explainer.audit.errors import VerificationError
from explainer.audit.merkle import Tree, consistency_proof, is_consistent
from explainer.audit.nodes import head_of, size_of
from explainer.audit.notes import Signer
from explainer.audit.proofs import made_with
from explainer.errors import ExplainerError
from explainer.storage.database import Database

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0


def sign_head(database: Database, folder: CheckpointFolder, signer: Signer) -> Checkpoint | None:
    """Sign the log as it is now and return the checkpoint; None where there is nothing new.

    A log that is not the continuation of what was signed last is not signed: that would vouch for a forgery. Nor is it
    signed with a key that has nothing to do with the one before: nobody could verify the two together.

    Raises:
        VerificationError: If the log does not continue the last checkpoint, or this key may not sign after it.
        ExplainerError: If the log cannot be made durable, or the checkpoint cannot be written.
    """
    # Before the log is looked at, so that what others sign meanwhile is not ahead of it.
    last = folder.last(signer.verifier)
    with database.session() as session:
        try:
            return sign_after(session, database, folder, signer, last)
        except OSError as error:
            raise ExplainerError(
                f"The log's checkpoint cannot be written to {folder.folder} ({error.strerror}): see to it, or "
                f"{begin_anew()}"
            ) from error


def sign_after(
    session: Session, database: Database, folder: CheckpointFolder, signer: Signer, last: Checkpoint | None
) -> Checkpoint | None:
    """Sign the log as it is in a session's transaction; as :func:`sign_head`.

    Args:
        session: Open session; it began after the last checkpoint was looked for.
        database: Its database.
        folder: Where checkpoints go.
        signer: Signs it.
        last: The last checkpoint; None without one.

    Raises:
        VerificationError: If the log does not continue the last checkpoint, or this key may not sign after it.
        OSError: If the log cannot be made durable, or the checkpoint cannot be written.
    """
    tree = head_of(session)
    if last is not None:
        _require_continued(session, tree, last, folder)
    # After the log was looked at: a rotation holds it still while it says up to where the old key signs.
    _require_in_use(folder, signer)
    if tree.size == (0 if last is None else last.size):
        return None
    at = datetime.now(UTC).isoformat(timespec="seconds")
    checkpoint = Checkpoint(signer.name, tree.size, tree.root(), at, 0 if last is None else last.size)
    database.make_durable()  # or a power cut could take what the checkpoint says is there
    folder.add(checkpoint, signer)
    return checkpoint


def _require_continued(session: Session, tree: Tree, last: Checkpoint, folder: CheckpointFolder) -> None:
    if tree.size < last.size:
        raise VerificationError(
            f"The log has {tree.size} entries, and {last.size} were signed ({folder.folder}): its end was cut off, or "
            f"an earlier backup was restored. Entries {tree.size + 1} to {last.size} are lost, which stays in that "
            f"folder for all to see; if you know why, keep it and {begin_anew()}"
        )
    # With the nodes that are stored: those that the last root vouches for must lead to the new one.
    proof = made_with(session, lambda subtree: consistency_proof(last.size, tree.size, subtree))
    if not is_consistent(last.size, tree.size, last.root, tree.root(), proof):
        raise VerificationError(
            f"The log is another than the one that was signed at {last.size} entries ({folder.folder}). Find out where "
            "it differs: explainer audit verify. If an earlier backup was restored and has grown since, what was "
            f"signed in between is lost, which stays in that folder for all to see: keep it and {begin_anew()}"
        )


def _require_in_use(folder: CheckpointFolder, signer: Signer) -> None:
    trust = folder.trust(signer.verifier)
    if trust.after:
        raise VerificationError(
            f"The key {signer.name!r} signs no more: {trust.after[-1].name!r} has followed it. Start again whatever "
            f"still signs with it, with EXPLAINER_AUDIT_KEY set to the new one. If that one is lost, {begin_anew()}"
        )


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
        signer: See above.
        failures: How often it could not sign.
    """

    def __init__(
        self, database: Database, folder: CheckpointFolder, signer: Signer, entries: int, seconds: float
    ) -> None:
        self.folder, self.signer, self.failures = folder, signer, 0
        self._database = database
        self._entries, self._seconds = entries, seconds
        self._signed, self._since, self._trouble = 0, time.monotonic(), ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)
        self._thread.start()

    @property
    def key(self) -> str:
        """The public key that it signs with."""
        return str(self.signer.verifier)

    @property
    def trouble(self) -> str:
        """Why it could not sign the last time; empty when it could. The service goes on without."""
        if self._thread.is_alive() or self._ended.is_set():
            return self._trouble
        return self._trouble or "The thread that signs has ended."

    def close(self) -> None:
        """Sign what is there and end the thread."""
        self._ended.set()
        self._thread.join(10.0)

    def _work(self) -> None:
        self._try(self._look_into_folder)
        while not self._ended.wait(min(_LOOK_EVERY_S, self._seconds)):
            self._try(self._look)
        self._try(self._sign)

    def _try(self, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception as error:  # noqa: BLE001  or nothing would be signed until the process is started anew
            if not self._trouble:
                _log.error("The audit log is not signed: %s", error, exc_info=not isinstance(error, ExplainerError))
            self._trouble, self.failures = str(error) or repr(error), self.failures + 1

    def _look(self) -> None:
        try:
            with self._database.session() as session:
                new = size_of(session) - self._signed
        except ExplainerError:
            return  # a database that is away comes back, and whoever needs it says so
        # A log that has become shorter than what was signed is looked at as well: that is what signing refuses.
        late = time.monotonic() - self._since >= self._seconds
        if abs(new) >= self._entries or (late and (new or self._trouble)):
            self._since, before = time.monotonic(), self._signed
            self._look_into_folder()
            if self._signed == before:
                self._sign()
            else:  # where several processes sign, whoever is due first has signed for the others, if with this key
                _require_in_use(self.folder, self.signer)

    def _look_into_folder(self) -> None:
        newest = self.folder.newest()
        if newest < self._signed:
            raise VerificationError(
                f"The checkpoints of up to {self._signed} entries that were in {self.folder.folder} are gone: see that "
                "the volume is mounted. If somebody moved them, start the service again."
            )
        self._signed = newest

    def _sign(self) -> None:
        self._look_into_folder()
        sign_head(self._database, self.folder, self.signer)
        self._look_into_folder()  # perhaps another process has signed more
        if self._trouble:
            _log.info("The audit log is signed again")
        self._trouble = ""
