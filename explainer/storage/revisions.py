"""Later texts of explanations, and whether one is still awaited."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from explainer.storage.base import now
from explainer.storage.inserting import insert_new
from explainer.storage.reading_tables import RevisionRow, SuppressionRow, UpgradeRow

WAITING, DONE, KEPT = "waiting", "done", "kept"
_CHUNK = 500


def await_upgrade(session: Session, explanation_ids: Sequence[str]) -> None:
    """Note that better texts are awaited."""
    insert_new(session, [UpgradeRow(explanation_id=one, state=WAITING) for one in explanation_ids])


def end_upgrade(session: Session, explanation_id: str, state: str, reason: str = "") -> None:
    """Note that a better text came, or will not come."""
    row = session.get(UpgradeRow, explanation_id)
    if row is not None:
        row.state, row.reason, row.ended_at = state, reason, now()


def await_again(session: Session, explanation_id: str) -> None:
    """Note that a better text is awaited after all."""
    row = session.get(UpgradeRow, explanation_id)
    if row is not None:
        row.state, row.reason, row.ended_at = WAITING, "", None


def still_awaited(connection: Connection, explanation_ids: Collection[str]) -> set[str]:
    """Return of which of these a better text is awaited; a few hundred by each statement.

    Nobody waits for one of what is shown no more.
    """
    ids, found = sorted(explanation_ids), set[str]()
    suppressed = select(SuppressionRow).where(SuppressionRow.explanation_id == UpgradeRow.explanation_id)
    for start in range(0, len(ids), _CHUNK):
        waiting = select(UpgradeRow.explanation_id).where(
            UpgradeRow.explanation_id.in_(ids[start : start + _CHUNK]),
            UpgradeRow.state == WAITING,
            ~suppressed.exists(),
        )
        found |= set(connection.scalars(waiting))
    return found


def revisions_of(session: Session, explanation_ids: Collection[str]) -> dict[str, list[RevisionRow]]:
    """Return the later texts, oldest first, by explanation."""
    if not explanation_ids:
        return {}
    query = select(RevisionRow).where(RevisionRow.explanation_id.in_(explanation_ids)).order_by(RevisionRow.number)
    found: dict[str, list[RevisionRow]] = {}
    for row in session.scalars(query):
        found.setdefault(row.explanation_id, []).append(row)
    return found


def next_number(session: Session, explanation_id: str) -> int:
    """Return the number of the next text; the first one, with the explanation itself, is 1."""
    newest = select(func.max(RevisionRow.number)).where(RevisionRow.explanation_id == explanation_id)
    return (session.scalar(newest) or 1) + 1
