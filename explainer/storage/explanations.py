"""Explanations in SQL: written once, never changed."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from explainer.errors import NotFoundError
from explainer.storage.explanation_tables import DraftRow, ExplanationRow
from explainer.storage.reading_tables import RevisionRow, SuppressionRow
from explainer.storage.suppressions import NOBODY
from explainer.writing.slots import is_outdated
from explainer.writing.texts import MODEL, withdrawal_key


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


def still_shown(session: Session, user: str, fingerprints: dict[str, str]) -> dict[str, ExplanationRow]:
    """Return those of :func:`find_shown` that also say of no time what is no longer so."""
    return {item: row for item, row in find_shown(session, user, fingerprints).items() if not _is_outdated(row)}


def find_shown(session: Session, user: str, fingerprints: dict[str, str]) -> dict[str, ExplanationRow]:
    """Return the newest stored explanation per item that still says what a new one would rest on.

    None that somebody suppressed, and none with a draft that was withdrawn. What is suppressed only for being the same
    as one of those is found: a new one would be the same again.

    Args:
        session: Open session.
        user: Whose.
        fingerprints: Item id → fingerprint of history and versions.
    """
    by_somebody = exists().where(SuppressionRow.explanation_id == ExplanationRow.id, SuppressionRow.by != NOBODY)
    query = (
        select(ExplanationRow)
        .where(ExplanationRow.user_id == user, ExplanationRow.item_id.in_(fingerprints))
        .where(ExplanationRow.fingerprint.in_(fingerprints.values()))
        .where(~by_somebody)
        .order_by(ExplanationRow.created_at)
    )
    rows = [row for row in session.scalars(query) if fingerprints[row.item_id] == row.fingerprint]
    gone = _withdrawn(session, rows)
    return {row.item_id: row for row in rows if row.id not in gone}


def _is_outdated(row: ExplanationRow) -> bool:
    times = {cited.slot: cited.time for cited in row.evidence}
    return is_outdated(row.draft, row.slots, times, int(time.time()), row.locale)


def _withdrawn(session: Session, rows: Sequence[ExplanationRow]) -> set[str]:
    """Return the ids of those whose text, or a later one, is a model's draft that was withdrawn."""
    keys = {withdrawal_key(row.prompt_hash): row.prompt_hash for row in rows if row.prompt_hash}
    prompts = {keys[key] for key in session.scalars(select(DraftRow.key).where(DraftRow.key.in_(keys)))}
    suspects = {row.id: row for row in rows if row.prompt_hash in prompts}
    if not suspects:
        return set()
    revised = session.scalars(select(RevisionRow.explanation_id).where(RevisionRow.explanation_id.in_(suspects)))
    return {key for key, row in suspects.items() if row.source == MODEL} | set(revised)
