"""What a process does after its answers, by threads of its own; or leaves to others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from explainer.errors import ExplainerError
from explainer.manner import Unfinished
from explainer.pipeline import Explainer
from explainer.service.jobs.counterfactuals import Counterfactuals
from explainer.service.jobs.queue import JobQueue
from explainer.service.jobs.thread import Doer, JobThread
from explainer.service.jobs.upgrades import Upgrades
from explainer.storage.base import now
from explainer.storage.jobs import KINDS, UPGRADE, forget_dead, orphaned
from explainer.storage.processes import present

_log = logging.getLogger(__name__)
_PER_LEASE = 3
_ORPHANED_AFTER = timedelta(hours=1)
_DEAD_FOR = timedelta(days=7)
_AT_ONCE = 100
_OTHER = "what ranked it serves nowhere any more"


class Afterwork:
    """Stores and does jobs (see :class:`~explainer.manner.Afterwards`).

    Args:
        queue: Of jobs.
        kinds: What this process does of it; the rest it leaves to others.

    Attributes:
        queue: See above.
    """

    def __init__(self, queue: JobQueue, kinds: Collection[str] = KINDS) -> None:
        self.queue = queue
        self._upgrades = Upgrades()
        doers: tuple[Doer, ...] = (self._upgrades, Counterfactuals())
        self._doers = tuple(doer for doer in doers if doer.kind in kinds)
        self._threads: tuple[JobThread, ...] = ()
        self._closed = threading.Event()

    @property
    def kinds(self) -> tuple[str, ...]:
        """What this process does."""
        return tuple(doer.kind for doer in self._doers)

    def room(self, kind: str) -> int:
        """Return how many more jobs of a kind may be stored."""
        return self.queue.room(kind)

    def stored(self, unfinished: Sequence[Unfinished]) -> None:
        """Have them done soon, if that is for this process."""
        if UPGRADE in self.kinds:
            self._upgrades.remember(unfinished)
        self.wake()

    def wake(self, kind: str | None = None) -> None:
        """Have it looked for jobs now: for those of a kind, or for all."""
        for thread in self._threads:
            if kind in {None, thread.doer.kind}:
                thread.wake()

    def start(self, explainer: Callable[[], Explainer]) -> None:
        """Begin to do jobs.

        Args:
            explainer: Returns the pipeline that knows every item stored by now.
        """
        self._threads = self._made(explainer)
        for thread in self._threads:
            thread.start()
        threading.Thread(target=self._look_after, args=(explainer,), name="jobs: leases", daemon=True).start()

    def drain(self, explainer: Callable[[], Explainer]) -> None:
        """Do what is due, in this thread, and return when nothing is or it is closed meanwhile.

        Raises:
            ExplainerError: If the database cannot be used.
        """
        self._threads = self._made(explainer)
        threading.Thread(target=self._look_after, args=(explainer,), name="jobs: leases", daemon=True).start()
        while not self._closed.is_set() and any(thread.once() for thread in self._threads):
            pass

    def stop(self) -> None:
        """Begin nothing more; return at once."""
        self._closed.set()
        for thread in self._threads:
            thread.stop()

    def close(self) -> None:
        """End the threads; what is begun is done by others, or after the next start."""
        self.stop()
        for thread in self._threads:
            thread.join()

    def _made(self, explainer: Callable[[], Explainer]) -> tuple[JobThread, ...]:
        return tuple(JobThread(self.queue, doer, explainer) for doer in self._doers)

    def _look_after(self, explainer: Callable[[], Explainer]) -> None:
        """Say again and again that this process works on what it has taken; end what nobody can do any more."""
        while not self._closed.wait(self.queue.policy.lease_s / _PER_LEASE):
            try:
                self._renew()
                self._clear_away(explainer())
            except ExplainerError as error:  # the database is away; what is taken may be done twice, and ends once
                _log.debug("No lease was renewed: %s", type(error).__name__)
            except Exception:  # noqa: BLE001  or leases would run out until the process is started anew
                _log.exception("Leases could not be renewed; this is tried again")

    def _renew(self) -> None:
        # Not all that this process has taken: what it lost when the database was away is for others.
        for held in [thread.held for thread in self._threads if thread.held]:
            self.queue.renew(held)

    def _clear_away(self, explainer: Explainer) -> None:
        with explainer.database.look() as connection:
            served = {explainer.model.version} | {row.recommender for row in present(connection)}
        for doer in self._doers:
            with explainer.database.writing() as session:
                for one in orphaned(session, doer.kind, served, now() - _ORPHANED_AFTER, _AT_ONCE):
                    doer.give_up(session, one, _OTHER)
                forget_dead(session, doer.kind, now() - _DEAD_FOR, _AT_ONCE)
