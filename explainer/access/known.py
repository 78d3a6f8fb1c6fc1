"""Keys that were found a moment ago, so that a busy program's key is not looked up at every request."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from explainer.access.keys import find_key
from explainer.access.roles import Caller
from explainer.storage.database import Database
from explainer.storage.tables import now

LASTS_S = 2.0
"""Seconds for which a found key is believed: so long at most a revoked one goes on working in a running service."""
_MOST = 1000


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    until: float


class KnownKeys:
    """Finds who has a key; safe to use from several threads.

    What is no key is looked up every time, so a new one works at once. The key itself is not kept, only its hash.

    Args:
        database: Where keys live.
        clock: Seconds, monotonic.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[bytes, _Known] = {}

    def find(self, key: str) -> Caller | None:
        """Return who has the key; None if there is no such key, or it is over."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        asked = self._clock()
        known = self._known.get(digest)
        if known is not None and asked < known.until:
            over = known.caller.expires_at is not None and known.caller.expires_at <= now()
            return None if over else known.caller
        with self._database.session() as session:
            caller = find_key(session, key)
        with self._lock:
            self._known.pop(digest, None)
            if caller is not None:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[digest] = _Known(caller, asked + LASTS_S)
        return caller
