"""A thread that does the jobs of one kind, one batch after the other, for as long as it is let."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from explainer.errors import AbandonedError, BusyError, ExplainerError
from explainer.pipeline import Explainer
from explainer.service.jobs.queue import JobQueue
from explainer.service.jobs.trying import fail
from explainer.storage.jobs import Job

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0
_DIED = "whoever tried it ended without a word"


class Doer(Protocol):
    """Knows how jobs of a kind are done.

    Attributes:
        kind: Of which.
        at_once: Jobs that it takes together.
    """

    kind: str
    at_once: int

    def is_time(self, explainer: Explainer) -> bool:
        """Wait a moment, if need be, and return whether jobs may be done now."""
        ...

    def do(self, explainer: Explainer, jobs: Sequence[Job], queue: JobQueue) -> None:
        """End every job, or let it fail; one that cannot be done must not take others along.

        Raises:
            AbandonedError: If the process is told to end; then others get what was not ended.
            BusyError: If the database cannot be used; so they do then.
        """
        ...

    def give_up(self, session: Session, explanation_id: str, why: str) -> None:
        """Store what follows from a job that will not be done."""
        ...

    def abandon(self) -> None:
        """Make whatever is waited for end soon; from another thread."""
        ...


class JobThread:
    """See the module.

    Args:
        queue: Of jobs.
        doer: Does them.
        explainer: Returns the pipeline that knows every item stored by now.

    Attributes:
        doer: See above.
        held: What it works on now.
    """

    def __init__(self, queue: JobQueue, doer: Doer, explainer: Callable[[], Explainer]) -> None:
        self.doer = doer
        self.held: Sequence[Job] = ()
        self._queue, self._explainer = queue, explainer
        self._closed, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"jobs: {doer.kind}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Have it look now."""
        self._woken.set()

    def stop(self) -> None:
        """Have it begin nothing more; return at once."""
        self._closed.set()
        self._woken.set()
        self.doer.abandon()

    def join(self, patience_s: float = 5.0) -> None:
        """Wait for its end; what takes longer than our patience is done again by another process."""
        if self._thread.ident is not None:
            self._thread.join(patience_s)

    def _work(self) -> None:
        while not self._closed.is_set():
            self._woken.clear()
            if not self._quietly():
                self._woken.wait(_LOOK_EVERY_S)

    def _quietly(self) -> bool:
        try:
            return self.once()
        except ExplainerError as error:  # the database is away, which whoever asks is told
            _log.debug("No look at jobs: %s", type(error).__name__)
        except Exception:  # noqa: BLE001  or nobody would do them until the process is started anew
            _log.exception("Jobs could not be looked at; this is tried again")
        return False

    def once(self) -> bool:
        """Do one batch of what is due; return whether there was any.

        Raises:
            ExplainerError: If the database cannot be used.
        """
        explainer = self._explainer()
        if not self.doer.is_time(explainer):
            return False
        taken = self._queue.claim(self.doer.kind, explainer.model.version, self.doer.at_once)
        fresh = [job for job in taken if not self._is_worn_out(job)]
        if fresh:
            self._do(explainer, fresh)
        return bool(taken)

    def _do(self, explainer: Explainer, jobs: Sequence[Job]) -> None:
        self.held = jobs
        try:
            self.doer.do(explainer, jobs, self._queue)
        except (AbandonedError, BusyError):
            self._queue.put_back(jobs)
        except Exception as error:  # noqa: BLE001  or the thread would end, and nobody learn of it
            _log.exception("Jobs could not be done")
            for job in jobs:
                fail(self._queue, job, type(error).__name__, self.doer.give_up)
        finally:
            self.held = ()

    def _is_worn_out(self, job: Job) -> bool:
        if not self._queue.is_worn_out(job):
            return False
        fail(self._queue, job, _DIED, self.doer.give_up)
        return True
