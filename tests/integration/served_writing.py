"""A service whose engine does what a test tells it, and what must be true of every text that it shows."""

from __future__ import annotations

import threading
from contextlib import contextmanager

from sqlalchemy import select

from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.engines import Draft
from explainer.writing.limits import Limits
from explainer.writing.prompts import PromptLibrary
from explainer.writing.slots import fill
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer

SECONDS = 20
_PLACES = 16


class Scripted:
    """Does with each batch what it is told; a batch that it is told nothing of it writes well or badly by the gate."""

    name, model_hash, adapter_hash = "scripted", "m", "a"
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self, do=None):
        self.do = do or (lambda prompts: [Draft("{item} has no excuse.")] * len(prompts))
        self.started = threading.Semaphore(0)
        self.release = threading.Event()
        self.batches = 0

    def write(self, prompts, sampling):
        self.batches += 1
        self.started.release()
        return self.do(prompts)


class Stalling(Scripted):
    def __init__(self):
        super().__init__(self._stall)

    def _stall(self, prompts):
        assert self.release.wait(SECONDS)
        return [Draft("{item}") for _ in prompts]


@contextmanager
def service(explainer, engine, *, deadline_s=SECONDS, **limits):
    """Yield the app over the explainer with the engine behind a worker, and the worker."""
    worker = BatchingEngine(engine, Limits(**{"stall_s": deadline_s, **limits}))
    served = Explainer(explainer.database, explainer.model, Writer(PromptLibrary(), load_vocabulary, worker))
    try:
        yield create_app(served, _PLACES, deadline_s), worker
    finally:
        if isinstance(engine, Scripted):
            engine.release.set()
        worker.close(SECONDS)
        worker._thread.join(SECONDS)
    assert not worker._thread.is_alive()


def explain(client, user, k=2):
    made = client.post("/v1/explanations", json={"user": user, "k": k}, headers={"Prefer": f"wait={SECONDS}"})
    assert made.status_code == 201, made.text
    return made.json()["explanations"]


def check_stored(database, shown):
    """Everything shown is stored as it was shown, once, with an audit entry, and made of its stored facts."""
    with database.session() as session:
        rows = {row.id: row for row in session.scalars(select(ExplanationRow))}
        assert {e["id"]: e["text"] for e in shown} == {row.id: row.text for row in rows.values()}
        assert all(fill(row.draft, row.slots) == row.text for row in rows.values())
        made = select(AuditEntryRow.record_id).where(AuditEntryRow.event == "explanation.created")
        assert sorted(session.scalars(made)) == sorted(rows)


def check_grounded(shown):
    for explanation in shown:
        assert explanation["source"] == "template"
        assert explanation["text"]
        assert explanation["evidence"]
