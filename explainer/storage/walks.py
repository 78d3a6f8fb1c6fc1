"""Walks over all that a search finds, some hundred rows in memory at a time.

Each step begins after the last row of the one before: no cursor of the database stays open, since not every driver has
one that doesn't read everything at once, and a long download holds up no writer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.storage.explanation_tables import ExplanationRow, FeedbackRow
from explainer.storage.listing import Search, conditions_of

_NARROW = 5000


def explanation_chunks(session: Session, search: Search, size: int = 100) -> Iterator[Sequence[ExplanationRow]]:
    """Yield explanations with their evidence, oldest first, some at a time.

    Raises:
        SearchError: If the search makes no sense.
    """
    place = tuple_(ExplanationRow.created_at, ExplanationRow.id)
    query = select(ExplanationRow).where(*conditions_of(search))
    query = query.order_by(ExplanationRow.created_at, ExplanationRow.id).limit(size)
    rows = session.scalars(query).all()
    while rows:
        yield rows
        after = rows[-1].created_at, rows[-1].id
        session.expunge_all()
        rows = session.scalars(query.where(place > after)).all()


def explanation_ids(session: Session, search: Search) -> Iterator[str]:
    """Yield the ids of explanations, in the order of ids."""
    query = select(ExplanationRow.id).where(*conditions_of(search))
    for row in _narrow(session, query, ExplanationRow.id):
        yield row[0]


def outcomes(session: Session, search: Search, version: InstrumentedAttribute[str]) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield (id, created_at, version, source, gate_failures, asked) of explanations, in the order of ids."""
    columns = (ExplanationRow.id, ExplanationRow.created_at, version, ExplanationRow.source)
    query = select(*columns, ExplanationRow.gate_failures, ExplanationRow.asked).where(*conditions_of(search))
    yield from _narrow(session, query, ExplanationRow.id)


def judgements(
    session: Session, search: Search, version: InstrumentedAttribute[str]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield (id, kind, created_at of the explanation, version) of feedback, in the order of its ids."""
    columns = (FeedbackRow.id, FeedbackRow.kind, ExplanationRow.created_at, version)
    query = select(*columns).join(ExplanationRow, ExplanationRow.id == FeedbackRow.explanation_id)
    yield from _narrow(session, query.where(*conditions_of(search)), FeedbackRow.id)


def _narrow(
    session: Session, query: Select[*tuple[Any, ...]], key: InstrumentedAttribute[str]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield rows whose first column is the key, thousands at a time."""
    query = query.order_by(key).limit(_NARROW)
    rows = session.execute(query).all()
    while rows:
        yield from rows
        rows = session.execute(query.where(key > rows[-1][0])).all() if len(rows) == _NARROW else []
