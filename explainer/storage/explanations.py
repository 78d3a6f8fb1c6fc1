"""Explanations in SQL: written once, never changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.errors import NotFoundError
from explainer.storage.tables import ExplanationRow


def get_explanation(session: Session, explanation_id: str) -> ExplanationRow:
    """Return an explanation with its evidence.

    Raises:
        NotFoundError: If there is none.
    """
    row = session.get(ExplanationRow, explanation_id)
    if row is None:
        raise NotFoundError(f"There is no explanation {explanation_id!r}.")
    return row


def explanations_named(session: Session, ids: Sequence[str]) -> list[ExplanationRow]:
    """Return the explanations of these ids, in their order; what there is not is left out."""
    held = {row.id: row for row in session.scalars(select(ExplanationRow).where(ExplanationRow.id.in_(ids)))}
    return [held[one] for one in ids if one in held]


def find_shown(session: Session, user: str, fingerprints: dict[str, str]) -> dict[str, ExplanationRow]:
    """Return the newest stored explanation per item that still says what a new one would rest on.

    Args:
        session: Open session.
        user: Whose.
        fingerprints: Item id → fingerprint of history and versions.
    """
    query = (
        select(ExplanationRow)
        .where(ExplanationRow.user_id == user, ExplanationRow.item_id.in_(fingerprints))
        .where(ExplanationRow.fingerprint.in_(fingerprints.values()))
        .order_by(ExplanationRow.created_at)
    )
    return {row.item_id: row for row in session.scalars(query) if fingerprints[row.item_id] == row.fingerprint}
