"""What came after an explanation was shown: better texts, and whether it was taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from explainer.errors import NotFoundError
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import RevisionRow, SuppressionRow, UpgradeRow
from explainer.storage.revisions import DONE, WAITING, revisions_of
from explainer.storage.version_tables import ModelVersionRow


@dataclass(frozen=True, slots=True)
class Suppression:
    """That a text is shown no more.

    Attributes:
        at: Since when.
        reason: Why.
        by: Who took it back; empty where it is the same text as one that was.
    """

    at: datetime
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Later:
    """What came after one explanation, and what wrote it.

    Attributes:
        writer: The name of what wrote its first text,
        details: and what else is known of that.
        suppression: Set when it is shown no more.
        pending: Whether a better text is awaited.
        revisions: The better texts, oldest first.
    """

    writer: str
    details: Mapping[str, Any]
    suppression: Suppression | None = None
    pending: bool = False
    revisions: tuple[RevisionRow, ...] = ()


def _with_later(explanation: Any) -> Select[Any]:  # noqa: ANN401  a column or the whole
    """Return a query for explanations and what came after them, one row each.

    Of what came later only columns: each reader asks for this, and objects would take as long as everything else.
    """
    suppressed = SuppressionRow.created_at, SuppressionRow.reason, SuppressionRow.by
    return (
        select(explanation, UpgradeRow.state, ModelVersionRow.name, ModelVersionRow.details, *suppressed)
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
    row, state, *told = found
    revisions = revisions_of(session, [row.id]).get(row.id, []) if state == DONE else []
    return row, _later(state, revisions, *told)


def later_of(session: Session, rows: Sequence[ExplanationRow]) -> dict[str, Later]:
    """Return what came after each of these, by its id; by one query where there is no revision.

    Those that were removed meanwhile are left out.
    """
    found = session.connection().execute(_OF_SEVERAL, {"ids": [row.id for row in rows]}).all()
    revisions = revisions_of(session, [one for one, state, *_ in found if state == DONE])
    return {one: _later(state, revisions.get(one, []), *told) for one, state, *told in found}


def _later(
    state: str | None,
    revisions: Sequence[RevisionRow],
    writer: str,
    details: Mapping[str, Any],
    at: datetime | None,
    reason: str,
    by: str,
) -> Later:
    suppression = None if at is None else Suppression(at, reason, by)
    return Later(writer, details, suppression, state == WAITING, tuple(revisions))
