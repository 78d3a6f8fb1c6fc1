"""One job fails by itself: whatever is amiss with it, those that were taken with it are done all the same."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from explainer.errors import AbandonedError
from explainer.service.jobs.queue import JobQueue
from explainer.storage.jobs import Job

_log = logging.getLogger(__name__)
GiveUp = Callable[[Session, str, str], None]


@contextmanager
def trying(queue: JobQueue, job: Job, give_up: GiveUp) -> Iterator[None]:
    """Let a job fail with whatever the block raises.

    Args:
        queue: Of jobs.
        job: As it was taken.
        give_up: Stores what follows when it is not tried again: called with a session, the explanation's id, and why.

    Raises:
        AbandonedError: If the process is told to end meanwhile; then the job has not failed.
        BusyError: If the database cannot be used, so that nothing can be noted.
    """
    try:
        yield
    except AbandonedError:
        raise
    except Exception as error:  # noqa: BLE001  see the module
        _log.exception("A job could not be done")
        fail(queue, job, type(error).__name__, give_up)


def fail(queue: JobQueue, job: Job, why: str, give_up: GiveUp) -> None:
    """Let a job fail.

    Args:
        queue: Of jobs.
        job: As it was taken.
        why: In words of ours.
        give_up: As of :func:`trying`.
    """
    queue.fail(job, why, lambda session: give_up(session, job.explanation_id, why))
