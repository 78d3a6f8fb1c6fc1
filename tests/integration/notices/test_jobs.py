"""Workers are told of texts that somebody waits for, and need not look for them."""

from __future__ import annotations

import pytest

from explainer.pipeline import Explainer
from explainer.server.waking import woken
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobQueue
from explainer.storage.database import Database
from explainer.storage.jobs import UPGRADE
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.notices.acting import ears, serving, until
from tests.integration.test_upgrades import GOOD, Held, events

pytestmark = pytest.mark.on_postgresql


class Counting(JobQueue):
    """A queue that tells how often it was looked for jobs."""

    def __init__(self, database):
        super().__init__(database)
        self.looks = 0

    def claim(self, *which):
        found = super().claim(*which)
        self.looks += 1
        return found


def test_a_worker_begins_at_once_when_a_text_is_asked_for(explainer, database, model, monkeypatch):
    monkeypatch.setattr("explainer.service.jobs.thread._LOOK_EVERY_S", 3600.0)
    engine = Held(GOOD)
    engine.go.set()
    other = Explainer(Database(database.url), model, Writer(PromptLibrary(), load_vocabulary, engine))
    queue = Counting(other.database)
    work = Afterwork(queue, (UPGRADE,))
    work.start(lambda: other)
    try:
        with woken(other.database, work), serving(explainer) as (client, make):
            until(lambda: len(ears(database)) == 2 and queue.looks >= 2)  # as it began, and as it began to hear
            looks = queue.looks
            one = make()
            until(lambda: queue.done[UPGRADE] == 1)
            assert queue.looks > looks
            assert events(client, one)[-1][0] == "end"
        until(lambda: not ears(database))
    finally:
        work.close()
    other.database.engine.dispose()
