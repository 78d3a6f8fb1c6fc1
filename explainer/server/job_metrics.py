"""The queue of jobs in Prometheus' metrics: how deep it is, and what this process did of it."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Gauge

from explainer.server.taken import Taken
from explainer.service.jobs.afterwork import Afterwork
from explainer.storage.database import Database
from explainer.storage.job_counts import depths
from explainer.storage.jobs import KINDS, STATES

_LOOK_EVERY_S = 5.0


class JobMetrics:
    """See the module.

    Args:
        database: Where the queue is.
        afterwork: What this process does of it.
        registry: Where the metrics go.
    """

    def __init__(self, database: Database, afterwork: Afterwork, registry: CollectorRegistry) -> None:
        self._database, self._queue = database, afterwork.queue
        self._looked = -_LOOK_EVERY_S
        # Every process tells the same of the queue: it is one.
        self._number = Gauge(
            "explainer_jobs", "Jobs.", ("kind", "state"), registry=registry, multiprocess_mode="livemostrecent"
        )
        self._oldest = Gauge(
            "explainer_jobs_oldest_seconds",
            "Since the oldest job was asked for.",
            ("kind", "state"),
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self._done = Taken("jobs_done", "Jobs that were done.", ("kind",), registry)
        self._failed = Taken("job_failures", "Times that a job failed.", ("kind",), registry)

    def refresh(self) -> None:
        """Tell what was done here, and look at the queue unless that was done a moment ago: all of it is counted.

        Raises:
            BusyError: If the database cannot be used now.
        """
        for kind in KINDS:
            self._done.reach([((kind,), self._queue.done[kind])])
            self._failed.reach([((kind,), self._queue.failed[kind])])
        if time.monotonic() - self._looked < _LOOK_EVERY_S:
            return
        with self._database.look() as connection:
            found = {(one.kind, one.state): one for one in depths(connection)}
        for kind in KINDS:
            for state in STATES:
                one = found.get((kind, state))
                self._number.labels(kind, state).set(0 if one is None else one.number)
                self._oldest.labels(kind, state).set(0.0 if one is None else one.oldest_s)
        self._looked = time.monotonic()
