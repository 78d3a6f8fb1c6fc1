"""What came after an explanation was shown: better texts, and whether it was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from explainer.errors import NotFoundError
from explainer.storage.revisions import DONE, WAITING, revisions_of
from explainer.storage.service_tables import RevisionRow, SuppressionRow, UpgradeRow
from explainer.storage.tables import ExplanationRow

_IDS: BindParameter[Sequence[str]] = bindparam("ids", expanding=True)
_SUPPRESSED = select(SuppressionRow).where(SuppressionRow.explanation_id.in_(_IDS))
_AWAITED = select(UpgradeRow.explanation_id, UpgradeRow.state).where(UpgradeRow.explanation_id.in_(_IDS))


@dataclass(frozen=True, slots=True)
class Later:
    """What came after one explanation.

    Attributes:
        suppression: Set when it is shown no more.
        pending: Whether a better text is awaited.
        revisions: The better texts, oldest first.
    """

    suppression: SuppressionRow | None = None
    pending: bool = False
    revisions: tuple[RevisionRow, ...] = ()


def get_with_later(session: Session, explanation_id: str) -> tuple[ExplanationRow, Later]:
    """Return an explanation and what came after it; by one query (and one for its evidence) where there is no revision.

    Raises:
        NotFoundError: If there is no such explanation.
    """
    joined = (
        select(ExplanationRow, SuppressionRow, UpgradeRow.state)
        .outerjoin(SuppressionRow, SuppressionRow.explanation_id == ExplanationRow.id)
        .outerjoin(UpgradeRow, UpgradeRow.explanation_id == ExplanationRow.id)
    )
    found = session.execute(joined.where(ExplanationRow.id == explanation_id)).one_or_none()
    if found is None:
        raise NotFoundError(f"There is no explanation {explanation_id!r}.")
    row, suppression, state = found
    revisions = revisions_of(session, [row.id]).get(row.id, []) if state == DONE else []
    return row, Later(suppression, state == WAITING, tuple(revisions))


def later_of(session: Session, rows: Sequence[ExplanationRow]) -> dict[str, Later]:
    """Return what came after each of these, by its id."""
    ids = [row.id for row in rows]
    suppressions = {row.explanation_id: row for row in session.scalars(_SUPPRESSED, {"ids": ids})}
    states = {found.explanation_id: found.state for found in session.execute(_AWAITED, {"ids": ids})}
    revisions = revisions_of(session, [one for one, state in states.items() if state == DONE])
    return {one: Later(suppressions.get(one), states.get(one) == WAITING, tuple(revisions.get(one, []))) for one in ids}
