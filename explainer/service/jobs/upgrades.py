"""Better texts after the first ones were shown: the model writes behind the answer, and what passes is a new revision.

The first text stays with its explanation as it was shown. That a better one is awaited is noted in the transaction that
stores the explanation, so that every process can tell a reader whether to wait.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial

from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.errors import AbandonedError
from explainer.manner import Unfinished
from explainer.oversight import sample
from explainer.pipeline import Explainer
from explainer.service.jobs.again import computed_again
from explainer.service.jobs.queue import JobQueue
from explainer.service.jobs.trying import fail, trying
from explainer.storage.explanations import get_explanation
from explainer.storage.jobs import UPGRADE, Job
from explainer.storage.reading_tables import RevisionRow
from explainer.storage.revisions import DONE, KEPT, end_upgrade, next_number
from explainer.storage.versions import note_model
from explainer.view import revision_record
from explainer.writing.patience import Call, calling
from explainer.writing.texts import MODEL, Written
from explainer.writing.worker import BatchingEngine
from retriever.errors import RetrieverError

_log = logging.getLogger(__name__)
_REMEMBERED = 256


class Upgrades:
    """Has texts bettered, many at a time (see :class:`~explainer.service.jobs.thread.Doer`).

    Args:
        patience_s: Seconds that it waits for the model, from the moment it turns to texts.
    """

    kind = UPGRADE
    at_once = 32

    def __init__(self, patience_s: float = 60.0) -> None:
        self._patience_s = patience_s
        self._call = Call()
        self._lock = threading.Lock()
        self._remembered: OrderedDict[str, Unfinished] = OrderedDict()

    def remember(self, unfinished: Sequence[Unfinished]) -> None:
        """Keep what texts are to be written from, so that it need not be computed again; a few hundred at most."""
        with self._lock:
            self._remembered.update((one.id, one) for one in unfinished)
            while len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)

    def is_time(self, explainer: Explainer) -> bool:
        """Return True: the model has a queue of its own, in which these texts stand behind nobody for long."""
        return explainer.writer.engine is not None

    def abandon(self) -> None:
        """Wait for the model no longer."""
        self._call.abandon()

    def give_up(self, session: Session, explanation_id: str, why: str) -> None:
        """Note that no better text will come."""
        end_upgrade(session, explanation_id, KEPT, why)

    def do(self, explainer: Explainer, jobs: Sequence[Job], queue: JobQueue) -> None:
        """Have the texts written and store them.

        Raises:
            AbandonedError: If the process is told to end meanwhile.
        """
        groups: dict[tuple[str, str], list[tuple[Job, Unfinished]]] = {}
        for job in jobs:
            with trying(queue, job, self.give_up):
                found = self._recalled(explainer, job, queue)
                if found is not None:
                    groups.setdefault((str(found.style), found.library.version(found.style)), []).append((job, found))
        for alike in groups.values():
            self._better(explainer, alike, queue)

    def _recalled(self, explainer: Explainer, job: Job, queue: JobQueue) -> Unfinished | None:
        """Return what a text is to be written from; None where that cannot be known (any more), which ends the job."""
        one = job.explanation_id
        with self._lock:
            known = self._remembered.pop(one, None)
        if known is not None:
            return known
        try:
            found = computed_again(explainer, one)
        except RetrieverError as error:  # it may not have been told of the item yet
            fail(queue, job, type(error).__name__, self.give_up)
            return None
        if isinstance(found, str):
            queue.end(job, partial(self.give_up, explanation_id=one, why=found))
            return None
        return found

    def _better(self, explainer: Explainer, alike: Sequence[tuple[Job, Unfinished]], queue: JobQueue) -> None:
        texts = self._together(explainer, [one for _, one in alike])
        for (job, one), text in zip(alike, texts, strict=True):
            with trying(queue, job, self.give_up):
                self._keep(explainer, job, text or self._written(explainer, [one])[0], queue)

    def _together(self, explainer: Explainer, alike: Sequence[Unfinished]) -> Sequence[Written | None]:
        """Return texts; None in place of each where one of them kept all from being written."""
        try:
            return self._written(explainer, alike)
        except AbandonedError:
            raise
        except Exception as error:  # noqa: BLE001  whose fault it was shows when each is tried by itself
            _log.warning("%d texts could not be written together: %s", len(alike), type(error).__name__)
            return [None] * len(alike)

    def _written(self, explainer: Explainer, alike: Sequence[Unfinished]) -> Sequence[Written]:
        first = alike[0]
        with calling(self._call.at_most(time.monotonic() + self._patience_s)):
            texts = explainer.writer.write([one.request for one in alike], first.style, first.library)
        explainer.tallies.add(texts, first.style.locale)
        return texts

    def _keep(self, explainer: Explainer, job: Job, text: Written, queue: JobQueue) -> None:
        """Store a text; one that the engine could not write now is tried again."""
        why, one = "; ".join(text.failures), job.explanation_id
        if text.source == MODEL:
            queue.end(job, partial(_revise, explainer=explainer, explanation_id=one, text=text))
        elif text.unfinished and _is_closed(explainer):
            queue.put_back([job])  # it has not failed: another engine writes by now
        elif text.unfinished:
            fail(queue, job, why, self.give_up)
        else:
            queue.end(job, partial(self.give_up, explanation_id=one, why=why))


def _revise(session: Session, explainer: Explainer, explanation_id: str, text: Written) -> None:
    """Store a text as the explanation's newest revision, with its audit entry."""
    row = get_explanation(session, explanation_id)
    revision = RevisionRow(
        explanation_id=explanation_id,
        number=next_number(session, explanation_id),
        text=text.text,
        draft=text.draft,
        slots=text.slots,
        source=text.source,
        gate_failures=list(text.failures),
        prompt_hash=text.prompt_hash,
        prompt_version=text.prompt_version,
        writer_version=_writer(session, explainer),
    )
    session.add(revision)
    session.flush()
    log.append(session, "explanation.revised", explanation_id, revision_record(revision), [row.user_id])
    end_upgrade(session, explanation_id, DONE)
    sample(session, [explanation_id], explainer.review_percent)


def _is_closed(explainer: Explainer) -> bool:
    """Return whether the engine was exchanged while its jobs were under way, or the process ends."""
    engine = explainer.writer.engine
    return isinstance(engine, BatchingEngine) and engine.closing


def _writer(session: Session, explainer: Explainer) -> str:
    """Return the version of what writes here, written down: it may be another than where the answer came from."""
    engine, version = explainer.writer.engine, explainer.writer_version
    if engine is not None:
        hashes = {"model_hash": engine.model_hash, "adapter_hash": engine.adapter_hash}
        note_model(session, version, "writer", engine.name, hashes)
    return version
