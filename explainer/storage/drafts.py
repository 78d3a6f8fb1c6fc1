"""The draft cache in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.storage.database import Database
from explainer.storage.explanation_tables import DraftRow
from explainer.storage.once import insert_once
from explainer.writing.texts import Outcome


class SqlDraftCache:
    """Remembers what engines made of canonical prompts (see :class:`~explainer.writing.texts.DraftCache`).

    Args:
        database: Where; each call opens its own short session, so drafts survive whatever happens to their reader.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, keys: Sequence[str]) -> dict[str, Outcome]:
        """Return the known outcomes among the keys."""
        with self._database.session() as session:
            rows = session.scalars(select(DraftRow).where(DraftRow.key.in_(keys)))
            return {row.key: Outcome(row.draft, tuple(row.failures), row.tries) for row in rows}

    def put(self, outcomes: dict[str, Outcome]) -> None:
        """Remember outcomes; a key that is there already stays as it is."""
        with self._database.session() as session:
            put_outcomes(session, outcomes)


def put_outcomes(session: Session, outcomes: dict[str, Outcome]) -> None:
    """Remember outcomes in the caller's transaction; a key that is there already stays as it is."""
    # In one order for all: two that write the same keys the other way round would wait for each other.
    rows = [
        {"key": key, "draft": outcome.draft, "failures": list(outcome.failures), "tries": outcome.tries}
        for key, outcome in sorted(outcomes.items(), key=itemgetter(0))
    ]
    insert_once(session, DraftRow, rows)
