"""Better texts after the first ones were shown: the model writes behind the answer, and what passes is a new revision.

The first text stays with its explanation as it was shown. What is awaited is noted in the database in the transaction
that stores the explanation, so that every process can tell a reader whether to wait; a process that dies leaves it
unwritten, and the next start ends the waiting.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.errors import AbandonedError, ExplainerError
from explainer.manner import Unfinished
from explainer.oversight import sample
from explainer.storage.database import Database
from explainer.storage.explanations import get_explanation
from explainer.storage.revisions import DONE, KEPT, end_upgrade, give_up, next_number
from explainer.storage.service_tables import RevisionRow
from explainer.storage.tables import now
from explainer.tallies import Tallies
from explainer.view import revision_record
from explainer.writing.patience import Call, calling
from explainer.writing.texts import MODEL, Written
from explainer.writing.writer import Writer

_log = logging.getLogger(__name__)
_END = None
_AT_ONCE = 32


class Upgrader:
    """Has texts bettered by a thread of its own, many at a time.

    Args:
        database: Where they are stored.
        writer: Writes.
        places: Texts that may wait.
        patience_s: Seconds that it waits for the model, from the moment it turns to a text.
        review_percent: Of a hundred better texts, how many wait for a reviewer.
        tallies: Count them.
    """

    def __init__(
        self,
        database: Database,
        writer: Writer,
        places: int = 256,
        patience_s: float = 60.0,
        review_percent: float = 1.0,
        tallies: Tallies | None = None,
    ) -> None:
        self._database = database
        self._writer = writer
        self._places = places
        self._patience_s = patience_s
        self._review_percent = review_percent
        self._tallies = tallies or Tallies()
        self._waiting: queue.SimpleQueue[Unfinished | None] = queue.SimpleQueue()
        self._call = Call()
        self._thread = threading.Thread(target=self._work, name="upgrades", daemon=True)
        with database.session() as session:
            give_up(session, now() - timedelta(seconds=2 * patience_s), "the process that wrote it has ended")
        self._thread.start()

    def room(self) -> int:
        """Return how many more texts may wait; about, when several ask at once."""
        return max(0, self._places - self._waiting.qsize())

    def take(self, unfinished: Sequence[Unfinished]) -> None:
        """Have them written."""
        for one in unfinished:
            self._waiting.put(one)

    def close(self) -> None:
        """End the thread; what still waits keeps its first text."""
        self._call.abandon()
        self._waiting.put(_END)
        self._thread.join(5.0)

    def _work(self) -> None:
        while batch := self._next():
            try:
                self._better(batch)
            except AbandonedError:
                return
            except Exception:  # noqa: BLE001  a text that cannot be bettered must not end the others' hopes
                _log.exception("Texts could not be bettered")

    def _next(self) -> list[Unfinished]:
        """Return what is to be written together: everything that waits for the same reader and language."""
        first = self._waiting.get()
        batch = [] if first is None else [first]
        while batch and len(batch) < _AT_ONCE and not self._waiting.empty():
            another = self._waiting.get()
            if another is None:
                self._waiting.put(_END)
                break
            batch.append(another)
        return batch

    def _better(self, batch: Sequence[Unfinished]) -> None:
        groups: dict[tuple[str, int], list[Unfinished]] = {}
        for one in batch:
            groups.setdefault((str(one.style), id(one.library)), []).append(one)
        for alike in groups.values():
            call = self._call.at_most(time.monotonic() + self._patience_s)
            with calling(call):
                texts = self._writer.write([one.request for one in alike], alike[0].style, alike[0].library)
            self._tallies.add(texts, alike[0].style.locale)
            for one, text in zip(alike, texts, strict=True):
                self._store(one, text)

    def _store(self, one: Unfinished, text: Written) -> None:
        try:
            with self._database.session() as session:
                if text.source == MODEL:
                    _revise(session, one.id, text)
                    end_upgrade(session, one.id, DONE)
                    sample(session, [one.id], self._review_percent)
                else:
                    end_upgrade(session, one.id, KEPT, "; ".join(text.failures))
        except ExplainerError:
            _log.exception("A better text could not be stored")


def _revise(session: Session, explanation_id: str, text: Written) -> None:
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
        writer_version=row.writer_version,
    )
    session.add(revision)
    session.flush()
    log.append(session, "explanation.revised", explanation_id, revision_record(revision), [row.user_id])
