"""Overwriting what erasures have deleted behind the answers: on PostgreSQL it may take as long as a table is large."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection

from explainer.errors import ExplainerError
from explainer.storage.database import Database
from explainer.storage.erasing import clear

_log = logging.getLogger(__name__)


class Clearer:
    """Clears tables one after the other in a thread of its own; several erasures of the meantime share one turn.

    If the process ends before, PostgreSQL's own autovacuum does it, later.

    Args:
        database: Where the tables are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
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
        """Wait until all is cleared, at most so long."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _work(self) -> None:
        while tables := self._next():
            try:
                clear(self._database, tables)
            except ExplainerError:
                _log.exception("What was erased could not be overwritten now; autovacuum will")

    def _next(self) -> set[str]:
        with self._lock:
            tables, self._waiting = self._waiting, set()
            if not tables:
                self._thread = None
            return tables
