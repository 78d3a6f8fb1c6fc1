"""Counterfactuals that explanations lack when they are shown: written ahead, or when there was no room for a job."""

from __future__ import annotations

from contextlib import suppress

from explainer.cases import Asking
from explainer.due import Due
from explainer.errors import BusyError
from explainer.manner import Afterwards
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.jobs import COUNTERFACTUAL, ask_once, without_job


def is_listed(row: ExplanationRow, asking: Asking) -> bool:
    """Return whether anything kept an item in its list that the user has done."""
    return asking.k is not None and row.rank <= asking.k and bool(row.contributions)


def ask_for_missing(database: Database, afterwards: Afterwards, due: Due) -> bool:
    """Ask for the counterfactuals that what is shown again lacks: after the next fit nobody could find them.

    Returns:
        Whether there is anything to do.
    """
    lacking = [row.id for row in due.shown.values() if is_listed(row, due.asking) and not _is_known(row)]
    if not lacking:
        return False
    with database.session() as session:
        wanted = without_job(session, COUNTERFACTUAL, lacking)
    wanted = wanted[: afterwards.room(COUNTERFACTUAL)] if wanted else []
    if wanted:
        # Explanations are shown however busy the database is; who is shown them next asks again.
        with suppress(BusyError), database.writing() as session:
            ask_once(session, COUNTERFACTUAL, wanted, due.stamp.recommender)
    return bool(wanted)


def _is_known(row: ExplanationRow) -> bool:
    return row.counterfactual is not None or row.early_counterfactual is not None
