"""That a process is there, and with what: so that somebody sees when processes of one service differ.

A recommender is loaded once, when a process starts. One that starts after a fit works with the new one while the others
go on with the old one; both are right by their own versions, which every explanation names, but the same question may
get two answers until all were started anew. After another adapter was promoted it is so for moments, until all have
taken it up (see :mod:`explainer.service.succession`), or for longer where one of them cannot.
"""

from __future__ import annotations

import logging
import os
import socket
import time
import uuid
from collections.abc import Sequence

from explainer import __version__
from explainer.pipeline import Explainer
from explainer.service.signing import TOLD, Apart, Signs, apart
from explainer.storage import processes
from explainer.storage.base import now
from explainer.storage.job_tables import ProcessRow

_log = logging.getLogger(__name__)
API, WORKER = "api", "worker"
_EVERY_S = 4.0


class Presence:
    """Says that one process is there.

    Args:
        role: ``api`` or ``worker``.
        name: By which its jobs are known as taken; one of its own by default.
        does: Kinds of jobs that it does.
        signs: With what it signs the audit log.

    Attributes:
        differ: Whether processes differed when it last looked,
        apart: and in what those that sign did.
    """

    def __init__(self, role: str, name: str = "", does: Sequence[str] = (), signs: Signs | None = None) -> None:
        self.differ, self.apart = False, tuple[Apart, ...]()
        self._signs = signs or Signs()
        self._id, self._role, self._does, self._since = name or str(uuid.uuid4()), role, ",".join(does), now()
        self._said = -_EVERY_S

    def say(self, explainer: Explainer, trouble: str = "") -> None:
        """Say so, and look at the others, unless that was done a moment ago.

        Args:
            explainer: What it works with.
            trouble: Why the adapter in production does not write there; empty when it does.

        Raises:
            BusyError: If the database cannot be used now.
        """
        if time.monotonic() - self._said < _EVERY_S:
            return
        with explainer.database.writing() as session:
            processes.say(session, self._row(explainer, trouble))
        with explainer.database.look() as connection:
            rows = processes.present(connection)
        self.differ, before, self.apart = differ(rows), self.apart, apart(rows)
        for kind in sorted(set(self.apart) - set(before)):
            _log.warning("%s They are: %s", TOLD[kind], ", ".join(row.place for row in rows if row.signer))
        self._said = time.monotonic()

    def leave(self, explainer: Explainer) -> None:
        """Say goodbye.

        Raises:
            BusyError: If the database cannot be used now.
        """
        with explainer.database.writing() as session:
            processes.leave(session, self._id)

    def _row(self, explainer: Explainer, trouble: str) -> ProcessRow:
        return ProcessRow(
            id=self._id,
            role=self._role,
            place=here(),
            does=self._does,
            release=__version__,
            recommender=explainer.model.version,
            writer=explainer.writer_version,
            started_at=self._since,
            seen_at=now(),
            trouble=trouble,
            signer=self._signs.key,
            checkpoints=self._signs.folder,
        )


def here() -> str:
    """Return the name of this machine and the number of this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def differ(rows: Sequence[ProcessRow]) -> bool:
    """Return whether processes work with different releases, recommenders or writers.

    A process that does no jobs may well do without the writer of those that do.
    """
    kinds = {(row.release, row.recommender) for row in rows}
    writers = {(row.role, row.writer) for row in rows}
    return len(kinds) > 1 or len(writers) > len({row.role for row in rows})
