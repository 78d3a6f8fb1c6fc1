"""Another adapter comes into production, and this process takes it up while it serves.

What writes is made anew beside the old one, in a thread of its own, and tried. Then an explainer with the new writer
takes the place of the one with the old: whoever works with that keeps it to the end of their request, so no text is of
two adapters, and each names the writer that wrote it. The old engine is closed once no request can have it any more;
jobs may have it for longer, and those that it leaves are put back, for the new one.

If the new one cannot be loaded, or writes nothing that passes the gate, the old one goes on and it is said why. It is
tried again after pauses that grow, and as soon as something about the adapters changes.
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from explainer.errors import AssetError, ExplainerError
from explainer.pipeline import Explainer
from explainer.registry.tried_writer import require_writes
from explainer.service.live import Live
from explainer.storage.adapters import Wanted, wanted
from explainer.storage.database import Database
from explainer.storage.lookup import SHOWN
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer

_log = logging.getLogger(__name__)
NONE_LOADED = ""
"""Stands for the version of an adapter where no writer could be made when the process started."""
NOTHING_LOADED = "the language model could not be loaded when the process started; its log says why"
LOCALE = "en"
"""Whose adapter is loaded."""
_PAUSES_S = (30.0, 120.0, 600.0, 1800.0)
_PATIENCE_S = 5.0
_SHIPPED = "the adapter of the package"


@dataclass(frozen=True, slots=True)
class Heirs:
    """How a writer is made and put on record.

    Attributes:
        load: Returns the writer for an adapter, by its version; None is the adapter of the package.
        note: Puts on record that a process writes with another one from now on.
        grace_s: Seconds after which no request can have the old one any more; a job may.
        turn: Is held while one is loaded and tried: processes of a host do that one after the other.
    """

    load: Callable[[Database, str | None], Writer]
    note: Callable[[Explainer], None]
    grace_s: float
    turn: Callable[[], AbstractContextManager[None]] = nullcontext


class Succession:
    """See the module; safe to use from several threads.

    Args:
        live: What serves.
        heirs: Makes what is to write; None where promotions change nothing for this process.
        clock: Seconds, monotonic.

    Attributes:
        trouble: Why the adapter in production does not write here; empty when it does.
        taken: How often another one was taken up,
        failed: and how often that could not be done.
        follows: Whether promotions change anything for this process.
    """

    def __init__(self, live: Live, heirs: Heirs | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.taken, self.failed, self.follows = 0, 0, heirs is not None
        self._live, self._heirs, self._clock = live, heirs, clock
        self.trouble = NOTHING_LOADED if self.on_templates else ""
        self._lock = threading.Lock()
        self._busy: threading.Thread | None = None
        self._tried: Wanted | None = None
        self._in_a_row, self._again_at = 0, 0.0
        self._ended = threading.Event()
        self._retiring: list[threading.Thread] = []

    @property
    def on_templates(self) -> bool:
        """Whether templates write, as no model could be loaded since the process started."""
        return self._live.explainer.adapter == NONE_LOADED

    def follow(self) -> None:
        """Look what is to write, and begin to take it up if that is another; one small statement, and no waiting.

        Raises:
            BusyError: If the database cannot be used now.
        """
        if self._heirs is None:
            return
        with self._live.explainer.database.look() as connection:
            found = wanted(connection, LOCALE)
        with self._lock:
            if self._busy is not None and self._busy.is_alive():
                return
            if found.version == self._live.explainer.adapter:
                self.trouble, self._tried, self._in_a_row = "", None, 0
            elif self._tried is None and self.on_templates:
                self._tried, self._in_a_row = found, 1  # it was tried when the process started
                self._again_at = self._clock() + _PAUSES_S[0]
            elif found != self._tried or self._clock() >= self._again_at:
                self._in_a_row = self._in_a_row if found == self._tried else 0
                self._tried = found
                # A daemon: a model that never comes must not keep the process from ending.
                self._busy = threading.Thread(
                    target=self._take_up, args=(self._heirs, found), name="taking up", daemon=True
                )
                self._busy.start()

    def close(self) -> None:
        """End what waits, and the engine; what is being loaded is thrown away."""
        with self._live.changing:
            self._ended.set()
        _close(self._live.explainer.writer)
        for thread in (*self._retiring, self._busy):
            if thread is not None:
                thread.join(_PATIENCE_S)

    def _take_up(self, heirs: Heirs, found: Wanted) -> None:
        named = _SHIPPED if found.version is None else f"adapter {found.version[:SHOWN]}"
        _log.info("Taking up %s", named)
        try:
            with heirs.turn():
                old = self._replace(heirs, found)
        except Exception as error:  # noqa: BLE001  whatever a library makes of a file, the old one goes on
            if self._ended.is_set():
                _log.info("%s is not taken up: the process ends", named)
            else:
                self._fail(named, error)
            return
        self.taken, self.trouble = self.taken + 1, ""
        _log.info("From now on %s writes", named)
        # In a thread of its own: the next one must not wait for it.
        retiring = threading.Thread(target=self._retire, args=(old, heirs.grace_s), name="retiring", daemon=True)
        self._retiring = [*(one for one in self._retiring if one.is_alive()), retiring]
        retiring.start()

    def _replace(self, heirs: Heirs, found: Wanted) -> Writer:
        """Load and try what is to write, put it in place, and return what wrote before."""
        explainer = self._live.explainer
        self._require_time()
        writer = heirs.load(explainer.database, found.version)
        try:
            _require_this(writer, found)
            require_writes(writer, explainer.domain)
            with self._live.changing:
                self._require_time()
                return self._live.succeed(writer, found.version, heirs.note)
        except BaseException:
            _close(writer)
            raise

    def _require_time(self) -> None:
        if self._ended.is_set():
            raise AssetError("The process is ending.")

    def _fail(self, named: str, error: Exception) -> None:
        pause = _PAUSES_S[min(self._in_a_row, len(_PAUSES_S) - 1)]
        with self._lock:
            self.failed, self._in_a_row, self._again_at = self.failed + 1, self._in_a_row + 1, self._clock() + pause
            self.trouble = f"{named}: {error or type(error).__name__}"
        _log.error(
            "%s, and this is tried again in %.0f s: %s could not be taken up: %s",
            "Templates write" if self.on_templates else "What wrote before goes on",
            pause,
            named,
            error,
            exc_info=None if isinstance(error, ExplainerError) else error,
        )

    def _retire(self, old: Writer, grace_s: float) -> None:
        self._ended.wait(grace_s)
        _close(old)
        # What was loaded at the start is out of the collector's sight (see the server's start), also when it is gone.
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def _require_this(writer: Writer, found: Wanted) -> None:
    """Check that what was loaded is what was promoted; servers elsewhere have hashes of another kind."""
    engine = writer.engine
    if engine is None or found.version is None or engine.name == "openai":
        return
    if engine.adapter_hash != found.version:
        raise AssetError(
            f"What was loaded has the adapter {engine.adapter_hash[:SHOWN]}; it was exchanged meanwhile, or the merged "
            "file in the cache is another's: delete that."
        )


def _close(writer: Writer) -> None:
    if isinstance(writer.engine, BatchingEngine):
        writer.engine.close()
