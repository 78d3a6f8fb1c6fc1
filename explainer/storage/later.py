"""What came after an explanation was shown: better texts, and whether it was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from explainer.errors import NotFoundError
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.revisions import DONE, WAITING, revisions_of
from explainer.storage.service_tables import RevisionRow, SuppressionRow, UpgradeRow
from explainer.storage.version_tables import ModelVersionRow


@dataclass(frozen=True, slots=True)
class Later:
    """What came after one explanation, and what wrote it.

    Attributes:
        writer: What wrote its first text.
        suppression: Set when it is shown no more.
        pending: Whether a better text is awaited.
        revisions: The better texts, oldest first.
    """

    writer: ModelVersionRow
    suppression: SuppressionRow | None = None
    pending: bool = False
    revisions: tuple[RevisionRow, ...] = ()


def _with_later(explanation: Any) -> Select[Any]:  # noqa: ANN401  a column or the whole
    """Return a query for explanations and what came after them, one row each."""
    return (
        select(explanation, ModelVersionRow, SuppressionRow, UpgradeRow.state)
        .join(ModelVersionRow, ModelVersionRow.version == ExplanationRow.writer_version)
        .outerjoin(SuppressionRow, SuppressionRow.explanation_id == ExplanationRow.id)
        .outerjoin(UpgradeRow, UpgradeRow.explanation_id == ExplanationRow.id)
    )


_ONE = _with_later(ExplanationRow).where(ExplanationRow.id == bindparam("one"))
_OF_SEVERAL = _with_later(ExplanationRow.id).where(ExplanationRow.id.in_(bindparam("ids", expanding=True)))


def get_with_later(session: Session, explanation_id: str) -> tuple[ExplanationRow, Later]:
    """Return an explanation and what came after it; by one query (and one for its evidence) where there is no revision.

    Raises:
        NotFoundError: If there is no such explanation.
    """
    found = session.execute(_ONE, {"one": explanation_id}).one_or_none()
    if found is None:
        raise NotFoundError(f"There is no explanation {explanation_id!r}.")
    row, writer, suppression, state = found
    revisions = revisions_of(session, [row.id]).get(row.id, []) if state == DONE else []
    return row, Later(writer, suppression, state == WAITING, tuple(revisions))


def later_of(session: Session, rows: Sequence[ExplanationRow]) -> dict[str, Later]:
    """Return what came after each of these, by its id; by one query where there is no revision.

    Those that were removed meanwhile are left out.
    """
    found = session.execute(_OF_SEVERAL, {"ids": [row.id for row in rows]}).all()
    revisions = revisions_of(session, [one for one, _, _, state in found if state == DONE])
    return {
        one: Later(writer, suppression, state == WAITING, tuple(revisions.get(one, [])))
        for one, writer, suppression, state in found
    }
