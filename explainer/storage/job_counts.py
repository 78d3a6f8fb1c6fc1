"""How the queue of jobs stands, for those who watch it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from explainer.storage.base import now
from explainer.storage.job_tables import JobRow
from explainer.storage.jobs import DEAD


@dataclass(frozen=True, slots=True)
class Depth:
    """How many jobs of a kind are in a state.

    Attributes:
        oldest_s: Seconds since the oldest of them was asked for.
    """

    kind: str
    state: str
    number: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Death:
    """How many jobs of a kind were given up for a reason."""

    kind: str
    why: str
    number: int


def depths(connection: Connection, at: datetime | None = None) -> list[Depth]:
    """Return how many jobs there are, by kind and state."""
    moment = at or now()
    counted = select(JobRow.kind, JobRow.state, func.count(), func.min(JobRow.created_at))
    found = []
    for kind, state, number, since in connection.execute(counted.group_by(JobRow.kind, JobRow.state)):
        found.append(Depth(kind, state, number, max(0.0, (moment - since).total_seconds())))
    return found


def deaths(connection: Connection, most: int) -> list[Death]:
    """Return why jobs were given up, the most frequent reasons first."""
    counted = select(JobRow.kind, JobRow.error, func.count().label("number")).where(JobRow.state == DEAD)
    rows = connection.execute(counted.group_by(JobRow.kind, JobRow.error).order_by(func.count().desc()).limit(most))
    return [Death(*row) for row in rows]
