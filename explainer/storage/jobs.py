"""The queue of jobs: stored with what asks for them, taken by one at a time, and ended with their effect.

Who takes a job has it for as long as a lease says, and whoever dies gives it back by letting that run out. So a job may
be begun twice, and is ended once: the end is one statement that finds the job as it was taken, in the transaction of
its effect.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select, update
from sqlalchemy.orm import Session

from explainer.storage.base import now
from explainer.storage.erasing import begin_writing, changed
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.inserting import insert_values
from explainer.storage.job_tables import JobRow
from explainer.storage.once import insert_once

UPGRADE, COUNTERFACTUAL = "upgrade", "counterfactual"
KINDS = (UPGRADE, COUNTERFACTUAL)
WAITING, TAKEN, DEAD = "waiting", "taken", "dead"
STATES = (WAITING, TAKEN, DEAD)
_OPEN = JobRow.state.in_((WAITING, TAKEN))


@dataclass(frozen=True, slots=True)
class Job:
    """A job that somebody has taken.

    Attributes:
        attempts: How often it was taken, this time included.
        taken_by: Who has it.
    """

    kind: str
    explanation_id: str
    attempts: int
    taken_by: str


def ask_for(session: Session, kind: str, explanation_ids: Sequence[str], recommender: str) -> None:
    """Store jobs in the caller's transaction.

    Args:
        session: Open session.
        kind: What is to be done.
        explanation_ids: Of new explanations.
        recommender: Version of what ranked them.
    """
    at = now()
    rows = [
        {"kind": kind, "explanation_id": one, "recommender": recommender, "state": WAITING, "due_at": at}
        for one in explanation_ids
    ]
    insert_values(session, JobRow, rows)


def without_job(session: Session, kind: str, explanation_ids: Collection[str]) -> list[str]:
    """Return those of these explanations that have no job of a kind, not even one that was given up."""
    if not explanation_ids:
        return []
    have = select(JobRow.explanation_id).where(JobRow.kind == kind, JobRow.explanation_id.in_(explanation_ids))
    return sorted(set(explanation_ids) - set(session.scalars(have)))


def ask_once(session: Session, kind: str, explanation_ids: Sequence[str], recommender: str) -> None:
    """As :func:`ask_for`, of explanations that others may store the same job for now."""
    at = now()
    jobs = [
        {"kind": kind, "explanation_id": one, "recommender": recommender, "state": WAITING, "due_at": at}
        for one in explanation_ids
        if hold(session, one)
    ]
    insert_once(session, JobRow, [job | {"created_at": at, "taken_by": "", "attempts": 0, "error": ""} for job in jobs])


def is_any_due(connection: Connection, kind: str, recommender: str) -> bool:
    """Return whether there is anything to take; a look that keeps nobody from writing."""
    due = select(JobRow.kind).where(*_due(kind, recommender)).limit(1)
    return connection.execute(due).first() is not None


def claim(session: Session, kind: str, recommender: str, taker: str, most: int, lease: timedelta) -> list[Job]:
    """Take what is due, the longest first; the caller commits.

    Args:
        session: Open session.
        kind: Which jobs.
        recommender: Version of what the taker ranks with.
        taker: Who takes them.
        most: How many at most.
        lease: For how long.
    """
    begin_writing(session)
    due = select(JobRow).where(*_due(kind, recommender)).order_by(JobRow.due_at).limit(most)
    rows = session.scalars(due.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.state, row.taken_by, row.due_at = TAKEN, taker, now() + lease
        row.attempts += 1
    return [Job(row.kind, row.explanation_id, row.attempts, taker) for row in rows]


def _due(kind: str, recommender: str) -> tuple[ColumnElement[bool], ...]:
    return JobRow.kind == kind, _OPEN, JobRow.due_at <= now(), JobRow.recommender == recommender


def renew(session: Session, held: Sequence[Job], lease: timedelta) -> None:
    """Extend the lease of jobs of one kind; the caller commits."""
    for row in _mine(session, held):
        row.due_at = now() + lease


def hold(session: Session, explanation_id: str) -> bool:
    """Begin the end of a job: keep its explanation from being removed meanwhile; False if that is gone.

    Whoever removes an explanation holds it before its jobs. So does this, or the two would wait for each other.
    """
    begin_writing(session)
    held = select(ExplanationRow.id).where(ExplanationRow.id == explanation_id)
    return session.scalar(held.with_for_update(read=True, key_share=True)) is not None


def finish(session: Session, job: Job) -> bool:
    """End a job that is done, in the transaction of its effect; False if it is somebody else's by now, or gone."""
    return changed(session.execute(delete(JobRow).where(*_as_taken(job)), execution_options=_PLAIN)) == 1


def put_back(session: Session, held: Sequence[Job]) -> None:
    """Let others have jobs of one kind that were not begun; the caller commits."""
    for row in _mine(session, held):
        row.state, row.taken_by, row.due_at = WAITING, "", now()
        row.attempts -= 1


def try_later(session: Session, job: Job, pause: timedelta, error: str) -> None:
    """Let a job that failed be taken again after a pause."""
    later = update(JobRow).where(*_as_taken(job))
    values = {"state": WAITING, "taken_by": "", "due_at": now() + pause, "error": error}
    session.execute(later.values(**values), execution_options=_PLAIN)


def bury(session: Session, job: Job, error: str) -> bool:
    """Give a job up; False if it is somebody else's by now, or gone."""
    dead = update(JobRow).where(*_as_taken(job)).values(state=DEAD, taken_by="", due_at=now(), error=error)
    return changed(session.execute(dead, execution_options=_PLAIN)) == 1


def _as_taken(job: Job) -> tuple[ColumnElement[bool], ...]:
    return (
        JobRow.kind == job.kind,
        JobRow.explanation_id == job.explanation_id,
        JobRow.taken_by == job.taken_by,
        JobRow.attempts == job.attempts,
    )


def _mine(session: Session, held: Sequence[Job]) -> Sequence[JobRow]:
    """Return what is still as it was taken, held; without those that somebody removes at this moment.

    Whoever is erased takes several jobs along, in any order: waiting for one with others in hand could last for ever.
    """
    taken = {(job.explanation_id, job.taken_by, job.attempts): job.kind for job in held}
    if not taken:
        return []
    begin_writing(session)
    mine = select(JobRow).where(
        JobRow.kind.in_(set(taken.values())),
        JobRow.explanation_id.in_(sorted(one for one, _, _ in taken)),
        JobRow.state == TAKEN,
    )
    rows = session.scalars(mine.with_for_update(skip_locked=True)).all()
    return [row for row in rows if taken.get((row.explanation_id, row.taken_by, row.attempts)) == row.kind]


def drop(session: Session, kind: str, explanation_id: str) -> None:
    """Remove a job that somebody did without taking it."""
    mine = delete(JobRow).where(JobRow.kind == kind, JobRow.explanation_id == explanation_id)
    session.execute(mine, execution_options=_PLAIN)


def orphaned(session: Session, kind: str, served: Collection[str], before: datetime, most: int) -> list[str]:
    """Remove jobs that nobody works on and nobody can do; return their explanations' ids.

    Args:
        session: Open session; the caller commits.
        kind: Which jobs.
        served: Versions of the recommenders that somebody works with.
        before: The moment that they are asked for since, at the latest.
        most: How many at most.
    """
    return _removed(
        session,
        most,
        JobRow.kind == kind,
        _OPEN,
        JobRow.due_at <= now(),
        JobRow.recommender.not_in(served),
        JobRow.created_at < before,
    )


def forget_dead(session: Session, kind: str, before: datetime, most: int) -> int:
    """Remove jobs that were given up before a moment; return how many. The caller commits."""
    return len(_removed(session, most, JobRow.kind == kind, JobRow.state == DEAD, JobRow.due_at < before))


def _removed(session: Session, most: int, *which: ColumnElement[bool]) -> list[str]:
    begin_writing(session)
    rows = session.scalars(select(JobRow).where(*which).limit(most).with_for_update(skip_locked=True)).all()
    for row in rows:
        session.delete(row)
    return [row.explanation_id for row in rows]


def revive(session: Session, kind: str, recommender: str, most: int) -> list[str]:
    """Have jobs that were given up tried anew, as often as others; return their explanations' ids.

    Args:
        session: Open session; the caller commits.
        kind: Which jobs.
        recommender: Version of what can do them.
        most: How many at most.
    """
    begin_writing(session)
    dead = select(JobRow).where(JobRow.kind == kind, JobRow.state == DEAD, JobRow.recommender == recommender)
    rows = session.scalars(dead.order_by(JobRow.due_at).limit(most).with_for_update(skip_locked=True)).all()
    for row in rows:
        row.state, row.due_at, row.attempts = WAITING, now(), 0
    return [row.explanation_id for row in rows]


def waiting(connection: Connection, kind: str) -> int:
    """Return how many jobs of a kind are not ended."""
    return connection.scalar(select(func.count()).select_from(JobRow).where(JobRow.kind == kind, _OPEN)) or 0


_PLAIN: dict[str, Any] = {"synchronize_session": False}
