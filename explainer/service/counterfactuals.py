"""What would have kept an item out of its list, found after its explanation was shown, as a record of its own.

Finding it takes as long as the explanation did, and most are never asked for. So a service answers first and looks for
it when nobody waits (see :mod:`explainer.service.jobs.counterfactuals`); whoever asks before that has it found for
them. Either way it is about the list as it was then.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from explainer.audit import log
from explainer.errors import ConflictError
from explainer.pipeline import Explainer
from explainer.service.recalled import listed_among, recall
from explainer.storage.base import now
from explainer.storage.explanation_tables import CounterfactualRow, ExplanationRow
from explainer.storage.jobs import COUNTERFACTUAL, drop, hold
from explainer.storage.once import insert_once
from explainer.view import CounterfactualView, counterfactual_digested, counterfactual_of, counterfactual_view
from retriever.errors import RetrieverError

_log = logging.getLogger(__name__)


def find(explainer: Explainer, row: ExplanationRow) -> CounterfactualView | None:
    """Return the counterfactual of an explanation; if it was not found before, find and store it now.

    Args:
        explainer: The pipeline; must be the one that ranked the item, or one of the same fit.
        row: The explanation, which then has it; None where its item was not in a list, or nothing is known of its user.

    Raises:
        ConflictError: If what ranked the item, or the behaviours that it was ranked by, are there no more.
    """
    if not is_missing(row):
        return counterfactual_of(row)
    found = found_now(explainer, row)
    # In the order in which whoever does the job ends it, or the two would wait for each other.
    with explainer.database.session() as session:
        if not hold(session, row.id):
            raise ConflictError(f"Explanation {row.id!r} was removed meanwhile.")
        drop(session, COUNTERFACTUAL, row.id)
        stored = keep(session, row, found)
    set_committed_value(row, "counterfactual", stored)
    return counterfactual_of(row)


def is_missing(row: ExplanationRow) -> bool:
    """Return whether there is a counterfactual to be found that was not found before."""
    listed = listed_among(row)
    has_none = listed is None or row.rank > listed or not row.contributions
    return not has_none and counterfactual_of(row) is None


def find_all(explainer: Explainer, rows: Sequence[ExplanationRow]) -> None:
    """Find what can be found of explanations; those of an earlier recommender stay without."""
    for row in rows:
        try:
            find(explainer, row)
        except ConflictError as error:
            _log.info("No counterfactual of an explanation: %s", type(error).__name__)


def found_now(explainer: Explainer, row: ExplanationRow) -> CounterfactualView:
    """Return what is found by the list as it was.

    Raises:
        ConflictError: As of :func:`find`.
    """
    if row.recommender_version != explainer.model.version:
        raise ConflictError(
            f"What would have kept the item of explanation {row.id!r} out of the list was not found while its "
            "recommender served, and another one serves now."
        )
    with explainer.database.session() as session:
        recalled = recall(session, row)
    if recalled.gone:
        raise ConflictError(f"Behaviours that explanation {row.id!r} was computed from are no longer stored.")
    asking = recalled.asking
    try:
        found = explainer.cases(asking).counterfactual(asking, row.item_id, row.rank)
    except RetrieverError as error:
        raise ConflictError(f"Nothing can be computed of explanation {row.id!r} any more: {error}") from error
    if found is None or found.rank > found.k:
        raise ConflictError(f"The item of explanation {row.id!r} is outranked now by items that came since.")
    return counterfactual_view(asking.history, found)


def keep(session: Session, row: ExplanationRow, found: CounterfactualView) -> CounterfactualRow:
    """Store a counterfactual with its audit entry; if somebody else was first, theirs stays. Return what is stored."""
    fresh = {"explanation_id": row.id, "record": msgspec.to_builtins(found), "created_at": now()}
    insert_once(session, CounterfactualRow, [fresh])
    stored = session.get_one(CounterfactualRow, row.id)
    if stored.created_at == fresh["created_at"]:
        log.append(session, "counterfactual.found", row.id, counterfactual_digested(stored), [row.user_id])
    return stored
