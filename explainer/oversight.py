"""What those who watch over texts have done when texts are stored: samples for reviewers, suppressions carried on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import SuppressionRow
from explainer.storage.reviews import Cause, enqueue, is_sampled, sampled_once
from explainer.storage.suppressions import NOBODY, suppress_once, suppressed_twins
from explainer.writing.texts import MODEL


def oversee(session: Session, rows: Sequence[ExplanationRow], percent: float, *, ahead: bool = False) -> None:
    """Look after new explanations in the transaction that stores them.

    Args:
        session: Open session that holds them, flushed.
        rows: The explanations.
        percent: How many of a hundred that the model wrote are sampled for review.
        ahead: Whether nobody has asked for them yet. Then many share a draft, and whoever reviews would read the same
            again and again: so many of a hundred distinct prompts are sampled, one explanation for each.
    """
    written = {row.id: row.prompt_hash for row in rows if row.source == MODEL}
    if ahead:
        enqueue(session, sampled_once(session, written, percent), Cause.SAMPLED)
    else:
        sample(session, list(written), percent)
    users = {row.id: row.user_id for row in rows}
    for explanation_id, reason in suppressed_twins(session, rows).items():
        made = suppress_once(session, explanation_id, reason, NOBODY)
        if made is not None:
            subjects = [users[explanation_id]]
            log.append(session, "explanation.suppressed", explanation_id, suppression_record(made), subjects)


def sample(session: Session, explanation_ids: Sequence[str], percent: float) -> None:
    """Put a sample of explanations whose text the model wrote into the reviewers' queue."""
    enqueue(session, [one for one in explanation_ids if is_sampled(one, percent)], Cause.SAMPLED)


def suppression_record(row: SuppressionRow) -> Mapping[str, Any]:
    """Return what the audit entry of a suppression is about."""
    at = row.created_at.isoformat()
    return {"explanation": row.explanation_id, "reason": row.reason, "by": row.by, "at": at}
