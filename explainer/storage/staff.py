"""Where the names of the shop's staff stand beside what they did."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.storage.explanation_tables import FeedbackRow, PromiseRow
from explainer.storage.reading_tables import ReviewRow, SuppressionRow, ViewRow
from explainer.storage.removal_tables import ErasureRow
from explainer.storage.version_tables import RegistryChangeRow

_NAMED: tuple[InstrumentedAttribute[str] | InstrumentedAttribute[str | None], ...] = (
    ViewRow.viewer,
    ReviewRow.decided_by,
    SuppressionRow.by,
    FeedbackRow.given_by,
    PromiseRow.caller,
    RegistryChangeRow.by,
    ErasureRow.by,
)


def named_in(session: Session, name: str) -> dict[str, int]:
    """Return how many rows of each table name somebody of the staff for what they did; tables without any are left out.

    They keep the name: the digests in the audit log are of records with it, and an erasure that could not prove itself
    any more would vouch for nothing that it removed.
    """
    counted = (
        (str(column.class_.__tablename__), session.scalar(select(func.count()).where(column == name)) or 0)
        for column in _NAMED
    )
    return {table: n for table, n in counted if n}
