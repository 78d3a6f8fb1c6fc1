"""What would have kept an item out of its list, found after its explanation was shown, as a record of its own.

Finding it takes as long as the explanation did, and most are never asked for. So a service answers first and looks for
it when nobody waits; whoever asks before that has it found for them. Either way it is about the list as it was then.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from explainer.audit import log
from explainer.errors import ConflictError
from explainer.pipeline import Explainer
from explainer.service.recalled import listed_among, recall
from explainer.storage.database import Database
from explainer.storage.explanations import get_explanation
from explainer.storage.once import insert_once
from explainer.storage.tables import CounterfactualRow, ExplanationRow, now
from explainer.view import CounterfactualView, counterfactual_digested, counterfactual_of, counterfactual_view
from retriever.errors import RetrieverError

_log = logging.getLogger(__name__)
_END = None
_LOOK_EVERY_S = 1.0
_LEFT_OVER = 1000


class CounterfactualFinder:
    """Finds counterfactuals by a thread of its own, whenever nobody waits for an answer.

    Args:
        explainer: The pipeline; what an earlier process left is found with it, first of all.
        places: Explanations that may wait. Those beyond are found when somebody asks, or after the next start.
    """

    def __init__(self, explainer: Explainer, places: int = 10_000) -> None:
        self._underway = explainer.underway
        # Ids, not what they were computed from: thousands of histories would be looked through for garbage for long.
        self._waiting: queue.SimpleQueue[tuple[Explainer, str] | None] = queue.SimpleQueue()
        self._places = places
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(explainer,), name="counterfactuals", daemon=True)
        self._thread.start()

    def take(self, explainer: Explainer, explanation_ids: Sequence[str]) -> None:
        """Have them found (see :class:`~explainer.manner.Counterfactuals`)."""
        room = max(0, self._places - self._waiting.qsize())
        for one in explanation_ids[:room]:
            self._waiting.put((explainer, one))

    def close(self) -> None:
        """End the thread; what still waits is found after the next start."""
        self._closed.set()
        self._waiting.put(_END)
        self._thread.join(5.0)

    def _work(self, explainer: Explainer) -> None:
        self._quietly(lambda: self._catch_up(explainer))
        while (one := self._waiting.get()) is not _END:
            self._quietly(partial(self._find, *one))

    def _catch_up(self, explainer: Explainer) -> None:
        for one in _left_over(explainer):
            self._find(explainer, one)  # read anew: another process may have found it meanwhile

    def _find(self, explainer: Explainer, explanation_id: str) -> None:
        if self._is_quiet():
            with explainer.database.session() as session:
                row = get_explanation(session, explanation_id)
            find_all(explainer, [row])

    def _quietly(self, do: Callable[[], None]) -> None:
        try:
            do()
        except Exception:  # noqa: BLE001  one that cannot be found or stored now must not end the others' hopes
            _log.exception("A counterfactual could not be found; it is when somebody asks")

    def _is_quiet(self) -> bool:
        """Wait until nobody waits for an answer; return False if the end came first."""
        while not self._closed.is_set():
            if self._underway.quiet(_LOOK_EVERY_S):
                return True
        return False


def find(explainer: Explainer, row: ExplanationRow) -> CounterfactualView | None:
    """Return the counterfactual of an explanation; if it was not found before, find and store it now.

    Args:
        explainer: The pipeline; must be the one that ranked the item, or one of the same fit.
        row: The explanation, which then has it; None where its item was not in a list, or nothing is known of its user.

    Raises:
        ConflictError: If what ranked the item, or the behaviours that it was ranked by, are there no more.
    """
    known, listed = counterfactual_of(row), listed_among(row)
    if known is not None or listed is None or row.rank > listed or not row.contributions:
        return known
    found = _found(explainer, row)
    stored = _keep(explainer.database, row, found)
    set_committed_value(row, "counterfactual", stored)
    return counterfactual_of(row)


def find_all(explainer: Explainer, rows: Sequence[ExplanationRow]) -> None:
    """Find what can be found of explanations; those of an earlier recommender stay without."""
    for row in rows:
        try:
            find(explainer, row)
        except ConflictError as error:
            _log.info("No counterfactual of %s: %s", row.id, error)


def _found(explainer: Explainer, row: ExplanationRow) -> CounterfactualView:
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


def _keep(database: Database, row: ExplanationRow, found: CounterfactualView) -> CounterfactualRow:
    """Store a counterfactual with its audit entry; if somebody else was first, theirs stays. Return what is stored."""
    fresh = {"explanation_id": row.id, "record": msgspec.to_builtins(found), "created_at": now()}
    with database.session() as session:
        insert_once(session, CounterfactualRow, [fresh])
        stored = session.get_one(CounterfactualRow, row.id)
        if stored.created_at == fresh["created_at"]:
            log.append(session, "counterfactual.found", row.id, counterfactual_digested(stored), [row.user_id])
        return stored


def _left_over(explainer: Explainer) -> list[str]:
    """Return the ids of the newest explanations whose counterfactual an earlier process did not come to find."""
    of_this = ExplanationRow.recommender_version == explainer.model.version
    newest = select(ExplanationRow).where(of_this).order_by(ExplanationRow.created_at.desc()).limit(_LEFT_OVER)
    with explainer.database.session() as session:
        return [row.id for row in session.scalars(newest) if counterfactual_of(row) is None]
