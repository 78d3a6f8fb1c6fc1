"""The queue of jobs as one process sees it: what it takes, gives back and gives up."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from explainer.storage import jobs
from explainer.storage.database import Database
from explainer.storage.jobs import COUNTERFACTUAL, UPGRADE, Job

_KNOWN_FOR_S = 0.25
_LONGEST_PAUSE_S = 300.0


@dataclass(frozen=True, slots=True)
class JobPolicy:
    """How jobs are tried.

    Attributes:
        tries: Times that one is tried before it is given up.
        pause_s: Seconds between the first try and the second; twice as many before every further one.
        lease_s: Seconds after which a process that does not say that it still works is taken for dead. The clocks of
            machines must not be that far apart, or they take each other's jobs; each is ended once all the same.
        places: Jobs of a kind that may wait; explanations beyond keep their first text, and have their counterfactual
            found when somebody asks for it.
    """

    tries: int = 5
    pause_s: float = 2.0
    lease_s: float = 30.0
    places: Mapping[str, int] = field(default_factory=lambda: {UPGRADE: 1_000, COUNTERFACTUAL: 10_000})


class JobQueue:
    """See the module; safe to use from several threads.

    Args:
        database: Where the queue is.
        policy: How jobs are tried.

    Attributes:
        name: By which the process is known to the others.
        done: Jobs that were done here, by kind,
        failed: and that failed here.
    """

    def __init__(self, database: Database, policy: JobPolicy | None = None) -> None:
        self.policy = policy or JobPolicy()
        self.name = str(uuid.uuid4())
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self._database = database
        self._lease = timedelta(seconds=self.policy.lease_s)
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[float, int]] = {}

    def room(self, kind: str) -> int:
        """Return how many more jobs of a kind may be stored; about, as others store theirs meanwhile."""
        with self._lock:
            at, number = self._waiting.get(kind, (-_KNOWN_FOR_S, 0))
        if time.monotonic() - at >= _KNOWN_FOR_S:
            with self._database.look() as connection:
                number = jobs.waiting(connection, kind)
            with self._lock:
                self._waiting[kind] = time.monotonic(), number
        return max(0, self.policy.places.get(kind, 0) - number)

    def claim(self, kind: str, recommender: str, most: int) -> list[Job]:
        """Take jobs that are due, and that this recommender has ranked for."""
        with self._database.look() as connection:
            if not jobs.is_any_due(connection, kind, recommender):
                return []
        with self._database.writing() as session:
            return jobs.claim(session, kind, recommender, self.name, most, self._lease)

    def renew(self, held: Sequence[Job]) -> None:
        """Say that somebody here still works on these jobs."""
        with self._database.writing() as session:
            jobs.renew(session, held, self._lease)

    def end(self, job: Job, effect: Callable[[Session], None] = lambda _: None) -> bool:
        """End a job together with its effect.

        Args:
            job: As it was taken.
            effect: Stores what came of it, in the same transaction.

        Returns:
            Whether it was ours to end; else nothing is stored.
        """
        with self._database.writing() as session:
            ours = jobs.hold(session, job.explanation_id) and jobs.finish(session, job)
            if ours:
                effect(session)
        self.done[job.kind] += ours
        return ours

    def fail(self, job: Job, why: str, on_death: Callable[[Session], None] = lambda _: None) -> None:
        """Have a job tried again after a pause, or give it up when it was tried often enough.

        Args:
            job: As it was taken.
            why: In words of ours.
            on_death: Stores what follows from giving it up, in the same transaction.
        """
        self.failed[job.kind] += 1
        with self._database.writing() as session:
            if not jobs.hold(session, job.explanation_id):
                jobs.finish(session, job)
            elif job.attempts < self.policy.tries:
                jobs.try_later(session, job, self._pause(job), why)
            elif jobs.bury(session, job, why):
                on_death(session)

    def put_back(self, taken: Sequence[Job]) -> None:
        """Let others have what was not begun."""
        with self._database.writing() as session:
            jobs.put_back(session, taken)

    def is_worn_out(self, job: Job) -> bool:
        """Return whether a job was tried often enough and ended none of the processes' ways: they died of it."""
        return job.attempts > self.policy.tries

    def _pause(self, job: Job) -> timedelta:
        return timedelta(seconds=min(_LONGEST_PAUSE_S, self.policy.pause_s * 2 ** (job.attempts - 1)))
