"""Overwriting what erasures have deleted behind the answers: on PostgreSQL it may take as long as a table is large."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection

from explainer.storage.database import Database
from explainer.storage.erasing import clear

_log = logging.getLogger(__name__)


class Clearer:
    """Clears tables one after the other in a thread of its own; several erasures of the meantime share one turn.

    What a process leaves when it ends, or the database refuses, is named in the log: PostgreSQL's own autovacuum comes
    to a table only when much of it has changed (a fifth, unless it is told otherwise), which may be never.

    Args:
        database: Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._at_work: set[str] = set()
        self._thread: threading.Thread | None = None

    def clear(self, tables: Collection[str]) -> bool:
        """Clear tables, on PostgreSQL soon; return whether nothing of it can be in the database's files any more."""
        if self._database.engine.dialect.name != "postgresql":
            return clear(self._database, tables)
        with self._lock:
            self._waiting |= set(tables)
            if self._waiting and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="clearing", daemon=True)
                self._thread.start()
        return False

    def wait(self, seconds: float) -> None:
        """Wait until all is cleared, at most so long; say what is left then."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(seconds)
        with self._lock:
            left = self._waiting | self._at_work
        if left:
            _log.warning("What was erased is not overwritten yet; run VACUUM (ANALYZE) on: %s", _named(left))

    def _work(self) -> None:
        while tables := self._next():
            try:
                clear(self._database, tables)
            except Exception:  # noqa: BLE001  or no later erasure would be cleared until the process is started anew
                _log.exception("What was erased could not be overwritten; run VACUUM (ANALYZE) on: %s", _named(tables))

    def _next(self) -> set[str]:
        with self._lock:
            self._at_work, self._waiting = self._waiting, set()
            if not self._at_work:
                self._thread = None
            return self._at_work


def _named(tables: Collection[str]) -> str:
    return ", ".join(sorted(tables))
