"""Taking a text back: nobody is shown it any more, and what the model wrote is used for nobody else."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.audit.staff import on_record
from explainer.oversight import suppression_record
from explainer.storage.database import Database
from explainer.storage.drafts import put_outcomes
from explainer.storage.explanation_tables import DraftRow, ExplanationRow
from explainer.storage.explanations import get_explanation
from explainer.storage.reading_tables import RevisionRow, SuppressionRow
from explainer.storage.staff import name_of
from explainer.storage.suppressions import suppress_once, twins_of
from explainer.writing.texts import MODEL, withdrawal_key, withdrawals

MAX_REASON = 500


class Suppression(msgspec.Struct, frozen=True):
    """That an explanation's text is not shown to customers any more.

    Attributes:
        explanation: Its id.
        reason: Why.
        by: Name of whoever said so; an id where they were removed since.
        at: When.
        same: Ids of other explanations that told the same user the same of the same item: suppressed with it.
    """

    explanation: str
    reason: str
    by: str
    at: datetime
    same: list[str]


def suppress(database: Database, explanation_id: str, reason: str, by: str) -> Suppression:
    """Suppress an explanation and whatever says the same to its user; withdraw its draft, if the model wrote it.

    What is suppressed already stays as it was, with its first reason.

    Raises:
        NotFoundError: If there is no such explanation.
    """
    with database.session() as session:
        mine, row = on_record(session, by), get_explanation(session, explanation_id)
        twins = twins_of(session, row)
        for one in (explanation_id, *twins):
            made = suppress_once(session, one, reason, mine)
            if made is not None:
                log.append(session, "explanation.suppressed", one, suppression_record(made), [row.user_id])
        withdraw(session, row, mine)
        first = session.get_one(SuppressionRow, explanation_id)
        said = name_of(session, first.by)
        return Suppression(explanation_id, first.reason, said, first.created_at, twins)


def withdraw(session: Session, row: ExplanationRow, by: str) -> None:
    """Use the model's drafts of an explanation for nobody else, in the caller's transaction: templates tell it instead.

    The same case is told by its template from then on, whichever adapter is in use. ``by`` is whoever wants it, as they
    stand on record.
    """
    revised = select(RevisionRow.prompt_hash).where(RevisionRow.explanation_id == row.id, RevisionRow.source == MODEL)
    prompts = {*session.scalars(revised), *([row.prompt_hash] if row.source == MODEL else [])}
    for prompt in sorted(prompts - _withdrawn(session, prompts)):
        put_outcomes(session, withdrawals([prompt]))
        withdrawn = {"prompt": prompt, "explanation": row.id, "by": by}
        log.append(session, "draft.withdrawn", prompt, withdrawn, [row.user_id])


def _withdrawn(session: Session, prompts: Collection[str]) -> set[str]:
    keys = {withdrawal_key(prompt): prompt for prompt in prompts}
    return {keys[key] for key in session.scalars(select(DraftRow.key).where(DraftRow.key.in_(keys)))}
