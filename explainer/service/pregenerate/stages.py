"""The stages over many users but for writing: prepare, and store."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence

from explainer.cases import Case
from explainer.due import Due
from explainer.errors import BusyError, ConflictError, ValueRefusedError
from explainer.pipeline import Explainer
from explainer.places import in_our_words, places
from explainer.rows import explanation_row
from explainer.service.pregenerate.prepared import Batch, Order, Prepared, Stored
from explainer.storage.catalogue import known_people
from explainer.storage.dead_letters import WHOLE_LIST, Failed, have_failures, settle
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.pregenerated import claim
from explainer.writing.plans import Plan
from explainer.writing.texts import Request
from retriever.threads import one_thread

_log = logging.getLogger(__name__)
_Made = tuple[Prepared, list[ExplanationRow]]


class Stages:
    """Prepares and stores.

    Args:
        explainer: The pipeline; its engine is not asked.
        order: What is to be written.
    """

    def __init__(self, explainer: Explainer, order: Order) -> None:
        self._explainer = explainer
        self._order = order

    def prepare(self, users: Sequence[str]) -> Batch:
        """Return these users' lists, all known of them but the words; whatever cannot be made is said to have failed.

        There are none for those of whom nothing is known: nobody asked for them, and they may have been erased.

        Raises:
            BusyError: If the database cannot be used now.
        """
        begun = time.process_time()
        lists: list[Prepared] = []
        failed: list[Failed] = []
        known = self._known(users)
        with one_thread():
            for user in known:
                try:
                    lists.append(self._prepared(user, failed))
                except BusyError:
                    raise
                except Exception as error:  # noqa: BLE001  a list that cannot be made must not end the others' hopes
                    failed.append(_failed(user, WHOLE_LIST, "prepare", error))
        return Batch(tuple(users), tuple(lists), tuple(failed), time.process_time() - begun, len(users) - len(known))

    def _known(self, users: Sequence[str]) -> list[str]:
        with self._explainer.database.session() as session:
            known = known_people(session, users)
        return [user for user in users if user in known]

    def _prepared(self, user: str, failed: list[Failed]) -> Prepared:
        order = self._order
        due = self._explainer.due(user, order.k, order.style, reuse=True)
        cases: list[Case] = []
        plans: list[Plan] = []
        for target in due.missing:
            try:
                case = due.ranking.case(due.asking, target, order.style)
                plan = self._plan(due, case)
            except Exception as error:  # noqa: BLE001  likewise
                failed.append(_failed(user, target.item.id, "prepare", error))
            else:
                cases.append(case)
                plans.append(plan)
        version = due.library.version(order.style)
        return Prepared(due.asking, due.stamp, version, tuple(cases), tuple(plans), len(due.shown))

    def _plan(self, due: Due, case: Case) -> Plan:
        return self._explainer.writer.plan(
            Request(case.evidence, due.asking.history.user), due.library, due.stamp.style
        )

    def store(self, batch: Batch) -> Stored:
        """Fill slots, check, store, and settle what failed.

        Raises:
            BusyError: If the database cannot be used now.
        """
        begun = time.process_time()
        unwritten: list[Failed] = []
        made = self._written(batch, unwritten)
        refused: list[Failed] = []
        stored = self._stored(made, refused)
        failed = [*batch.failed, *unwritten, *refused]
        self._settle(batch.users, failed)
        # What was made, but neither stored nor refused, somebody else has stored meanwhile, or it may not be any more.
        left_out = sum(len(rows) for _, rows in made) - len(stored) - len(refused)
        return Stored(
            users=len(batch.users),
            unknown=batch.unknown,
            sources=Counter(row.source for row in stored),
            unchanged=sum(one.shown for one in batch.lists) + left_out,
            prompts=[plan.prompt_hash for plan in batch.plans if plan.asked is not None],
            failed=tuple(failed),
            cpu_s=batch.cpu_s + time.process_time() - begun,
        )

    def _written(self, batch: Batch, failed: list[Failed]) -> list[_Made]:
        """Return the explanations of each list; those that the engine could not write have failed."""
        writer, style = self._explainer.writer, self._order.style
        drafts = writer.drafts(batch.plans, style, ask=False)
        made: list[_Made] = []
        for one in batch.lists:
            library = writer.prompts.of_version(one.prompt_version, style)
            rows = []
            asked = one.asking.record() | {"surface": ""}
            for case, plan in zip(one.cases, one.plans, strict=True):
                try:
                    text = writer.finish(plan, library, style, drafts)
                    if not text.unfinished:
                        rows.append(explanation_row(one.asking.history, case, text, one.stamp, asked))
                        continue
                except Exception as error:  # noqa: BLE001  what cannot be finished must not end the others' hopes
                    failed.append(_failed(one.user, case.target.item.id, "write", error))
                else:
                    reason = batch.lost.get(plan.prompt_hash, "engine_unavailable")
                    failed.append(Failed(one.user, case.target.item.id, "write", reason))
            made.append((one, rows))
        return made

    def _stored(self, made: Sequence[_Made], failed: list[Failed]) -> list[ExplanationRow]:
        """Store in one transaction for each version of the prompts; what a list is refused for, no other suffers."""
        stored: list[ExplanationRow] = []
        for version in dict.fromkeys(one.prompt_version for one, _ in made):
            alike = [(one, rows) for one, rows in made if one.prompt_version == version and rows]
            try:
                stored += self._keep(version, [row for _, rows in alike for row in rows])
            except (ConflictError, ValueRefusedError):
                for one, rows in alike:
                    stored += self._kept_alone(one, rows, failed)
        return stored

    def _kept_alone(self, one: Prepared, rows: Sequence[ExplanationRow], failed: list[Failed]) -> list[ExplanationRow]:
        stored: list[ExplanationRow] = []
        for row in rows:
            try:
                stored += self._keep(one.prompt_version, [row])
            except (ConflictError, ValueRefusedError) as error:
                failed.append(_failed(one.user, row.item_id, "store", error))
        return stored

    def _keep(self, version: str, rows: Sequence[ExplanationRow]) -> Sequence[ExplanationRow]:
        if not rows:
            return []
        explainer, style = self._explainer, self._order.style
        makers = explainer.makers(style, explainer.writer.prompts.of_version(version, style))
        return explainer.keeper.keep(rows, makers, {}, explainer.review_percent, None, claim)

    def _settle(self, users: Sequence[str], failed: Sequence[Failed]) -> None:
        database, style = self._explainer.database, self._order.style
        with database.session() as session:
            if not failed and not have_failures(session, users, style):
                return
        with database.writing() as session:
            settle(session, users, failed, style)


def _failed(user: str, item: str, stage: str, error: Exception) -> Failed:
    _log.warning("An explanation could not be written (%s): %s", stage, " < ".join(places(error)))
    return Failed(user, item, stage, in_our_words(error))
