"""What a run of writing ahead came to: rows, bytes, prompts among texts, seconds by what they were spent on.

The capacity model learns from it. So that its error can be stated, a fifth of the people are written for first, by
themselves, and what the model makes of that is held against the whole.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Text, cast, func, select, text
from sqlalchemy.orm import Session

from explainer.service.pregenerate.local import WRITTEN
from explainer.storage.base import Base
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow

_SEED = 0
_SHARES = (0.1, 0.3, 0.6, 1.0)
TABLES = ("explanations", "evidence", "audit_entries", "drafts")
"""Whose rows are counted by themselves."""


class Course(msgspec.Struct, frozen=True):
    """What one run came to.

    Attributes:
        users: Written for,
        pairs: explanations stored for them,
        asked: texts among these that the model was asked for,
        counts: and, as these grew over people in an order drawn by chance, how many distinct prompts they had.
        behaviours: Mean length of these people's histories.
        rows: New rows by table.
        stored_bytes: By how much the database grew,
        bytes_per_behaviour: of which an explanation holds so many for each behaviour of its history.
        starting_s: Until the first lists were prepared.
        explaining_s: Preparing and storing, without that,
        writing_s: and the model's.
        processes: How many worked at once.
        database: Which kind.
        k: How many explanations were asked for each of them; of ten each were all runs before this was written down.
    """

    users: int
    pairs: int
    asked: int
    counts: tuple[tuple[int, int], ...]
    behaviours: float
    rows: dict[str, int]
    stored_bytes: int
    bytes_per_behaviour: float
    starting_s: float
    explaining_s: float
    writing_s: float
    processes: int
    database: str
    k: int = 10


class Clock:
    """Told of each step as it ends, it knows what the time was spent on."""

    def __init__(self) -> None:
        self.starting_s: float | None = None
        self.explaining_s = self.writing_s = 0.0
        self._last = time.perf_counter()

    def begin(self) -> None:
        """Forget the time until now."""
        self._last = time.perf_counter()

    def ended(self, what: str) -> None:
        """Count the time since the last step to what has ended now."""
        now = time.perf_counter()
        spent, self._last = now - self._last, now
        if self.starting_s is None:
            self.starting_s = spent
        elif what == WRITTEN:
            self.writing_s += spent
        else:
            self.explaining_s += spent


class Held(msgspec.Struct, frozen=True):
    """What a database holds."""

    rows: dict[str, int]
    stored_bytes: int


def held(database: Database) -> Held:
    """Return rows by table, and bytes with all indices."""
    known = Base.metadata.tables
    with database.session() as session:
        rows = {name: session.scalar(select(func.count()).select_from(known[name])) or 0 for name in TABLES}
        return Held(rows, _bytes(session))


def _bytes(session: Session) -> int:
    if session.get_bind().dialect.name != "sqlite":
        return int(session.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    pages, free, size = (
        session.scalar(text(f"PRAGMA {what}")) or 0 for what in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def course_of(database: Database, users: Sequence[str], before: Held, clock: Clock, processes: int, k: int) -> Course:
    """Return what a run came to that has ended, in a database that had no explanations before.

    Args:
        database: Where it has stored them.
        users: Asked for,
        k: so many explanations each.
        before: What the database held.
        clock: What the time was spent on.
        processes: How many worked at once.
    """
    now = held(database)
    with database.session() as session:
        prompts = _prompts(session)
        spoken = func.length(cast(ExplanationRow.contributions, Text)) + func.length(cast(ExplanationRow.order, Text))
        of_histories = session.scalar(select(func.sum(spoken))) or 0
        behaviours = _lengths(session, users)
        explained = sum(behaviours.get(user, 0) * len(hashes) for user, hashes in prompts.items())
    return Course(
        users=len(users),
        pairs=now.rows["explanations"] - before.rows["explanations"],
        asked=sum(bool(one) for hashes in prompts.values() for one in hashes),
        counts=_growing(prompts),
        behaviours=sum(behaviours.values()) / max(1, len(behaviours)),
        rows={name: now.rows[name] - before.rows[name] for name in TABLES},
        stored_bytes=now.stored_bytes - before.stored_bytes,
        bytes_per_behaviour=of_histories / max(1, explained),
        starting_s=clock.starting_s or 0.0,
        explaining_s=clock.explaining_s,
        writing_s=clock.writing_s,
        processes=processes,
        database=database.engine.dialect.name,
        k=k,
    )


def _prompts(session: Session) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for user, prompt in session.execute(select(ExplanationRow.user_id, ExplanationRow.prompt_hash)):
        found.setdefault(user, []).append(prompt)
    return found


def _lengths(session: Session, users: Sequence[str]) -> dict[str, int]:
    rows = session.execute(select(BehaviourRow.user_id, func.count()).group_by(BehaviourRow.user_id))
    all_of_them = {str(user): int(number) for user, number in rows}
    return {user: all_of_them[user] for user in users if user in all_of_them}


def _growing(prompts: Mapping[str, Sequence[str]]) -> tuple[tuple[int, int], ...]:
    """Return texts asked for and the distinct prompts among them, as people come in an order drawn by chance."""
    order = random.Random(_SEED).sample(sorted(prompts), len(prompts))
    marks = {max(1, round(share * len(order))) for share in _SHARES}
    seen: set[str] = set()
    asked, found = 0, list[tuple[int, int]]()
    for number, user in enumerate(order, 1):
        own = [one for one in prompts[user] if one]
        asked += len(own)
        seen.update(own)
        if number in marks and asked and (not found or asked > found[-1][0]):
            found.append((asked, len(seen)))
    return tuple(found)
