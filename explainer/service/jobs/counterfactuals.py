"""Counterfactuals, found whenever nobody waits for an answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import partial

from sqlalchemy.orm import Session

from explainer.errors import ConflictError
from explainer.pipeline import Explainer
from explainer.service.counterfactuals import found_now, is_missing, keep
from explainer.service.jobs.queue import JobQueue
from explainer.service.jobs.trying import trying
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.jobs import COUNTERFACTUAL, Job
from explainer.view import CounterfactualView

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0


class Counterfactuals:
    """Finds them, one after the other (see :class:`~explainer.service.jobs.thread.Doer`)."""

    kind = COUNTERFACTUAL
    at_once = 8

    def __init__(self) -> None:
        self._closed = threading.Event()

    def is_time(self, explainer: Explainer) -> bool:
        """Wait until nobody waits for an answer, a second at most."""
        return not self._closed.is_set() and explainer.underway.quiet(_LOOK_EVERY_S)

    def abandon(self) -> None:
        """Begin no other."""
        self._closed.set()

    def give_up(self, session: Session, explanation_id: str, why: str) -> None:
        """Store nothing: it is found when somebody asks."""

    def do(self, explainer: Explainer, jobs: Sequence[Job], queue: JobQueue) -> None:
        """Find what can be found; those of an earlier state of things stay without."""
        for place, job in enumerate(jobs):
            if place and not self.is_time(explainer):
                queue.put_back(jobs[place:])
                return
            with trying(queue, job, self.give_up):
                _find(explainer, job, queue)


def _find(explainer: Explainer, job: Job, queue: JobQueue) -> None:
    with explainer.database.session() as session:
        row = session.get(ExplanationRow, job.explanation_id)
    if row is None or not is_missing(row):
        queue.end(job)
        return
    try:
        found = found_now(explainer, row)
    except ConflictError as error:
        _log.info("No counterfactual of an explanation: %s", type(error).__name__)
        queue.end(job)
        return
    queue.end(job, partial(_keep, row=row, found=found))


def _keep(session: Session, row: ExplanationRow, found: CounterfactualView) -> None:
    keep(session, row, found)
