"""Suppressed explanations in SQL: which they are, and which other texts are the same to the same reader."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from explainer.storage.base import now
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.once import insert_once
from explainer.storage.reading_tables import SuppressionRow

NOBODY = ""
"""Who suppressed a text that is word for word what the same user was told of the same item and is not to be told."""

_TWINS = (
    select(ExplanationRow.user_id, ExplanationRow.item_id, ExplanationRow.draft, SuppressionRow.reason)
    .join(SuppressionRow, SuppressionRow.explanation_id == ExplanationRow.id)
    .where(ExplanationRow.user_id.in_(bindparam("users", expanding=True)))
    .where(ExplanationRow.item_id.in_(bindparam("items", expanding=True)))
    .order_by(SuppressionRow.created_at)
)


def suppress_once(session: Session, explanation_id: str, reason: str, by: str) -> SuppressionRow | None:
    """Suppress an explanation in the caller's transaction; return None if it was suppressed already."""
    at = now()
    fresh = {"explanation_id": explanation_id, "reason": reason, "by": by, "created_at": at}
    insert_once(session, SuppressionRow, [fresh])
    row = session.get_one(SuppressionRow, explanation_id)
    return row if (row.created_at, row.by, row.reason) == (at, by, reason) else None


def twins_of(session: Session, row: ExplanationRow) -> list[str]:
    """Return the ids of other explanations that told the same user the same of the same item."""
    query = select(ExplanationRow.id).where(
        ExplanationRow.user_id == row.user_id, ExplanationRow.item_id == row.item_id, ExplanationRow.draft == row.draft
    )
    return [one for one in session.scalars(query.order_by(ExplanationRow.created_at)) if one != row.id]


def suppressed_twins(session: Session, rows: Sequence[ExplanationRow]) -> dict[str, str]:
    """Return, by the id of each of these that says to one user what they are not to be told, why it is not."""
    if not rows:
        return {}
    whose = {"users": sorted({row.user_id for row in rows}), "items": sorted({row.item_id for row in rows})}
    # Straight to the connection: this is asked for every explanation, and what a session adds takes as long again.
    found = session.connection().execute(_TWINS, whose)
    reasons = {(user, item, draft): reason for user, item, draft, reason in found}
    told = ((row.id, reasons.get((row.user_id, row.item_id, row.draft))) for row in rows)
    return {key: reason for key, reason in told if reason is not None}
