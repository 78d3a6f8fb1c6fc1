"""Who asks for jobs and who does them, in tests."""

from __future__ import annotations

from sqlalchemy import select

from explainer.pipeline import Explainer
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobPolicy, JobQueue
from explainer.storage.job_tables import JobRow
from explainer.storage.jobs import COUNTERFACTUAL, UPGRADE, ask_for
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.test_upgrades import GOOD

VERSION = "a" * 64


class Engine:
    """Writes the same for everybody; refuses as often as it is told."""

    name, model_hash, adapter_hash = "fixed", "m", "a"
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self, fails=0):
        self.fails, self.asked = fails, 0

    def write(self, prompts, sampling):
        from explainer.errors import EngineUnavailable

        self.asked += 1
        if self.asked <= self.fails:
            raise EngineUnavailable("down")
        return [Draft(GOOD) for _ in prompts]


def queue_of(database, **policy):
    return JobQueue(database, JobPolicy(**({"pause_s": 0.0} | policy)))


def service(database, model, engine=None, kinds=(), **policy):
    writer = Writer(PromptLibrary(), load_vocabulary, engine or Engine())
    return Explainer(database, model, writer, afterwards=Afterwork(queue_of(database, **policy), kinds))


def drained(database, model, engine=None, **policy):
    """Do what is due as a process of its own would; return it."""
    made = service(database, model, engine, (UPGRADE, COUNTERFACTUAL), **policy)
    made.afterwards.drain(lambda: made)
    made.afterwards.close()
    return made


def numbered(explainer, number):
    """Store explanations, with jobs."""
    from explainer.manner import Manner

    return [explainer.explain_top("u1", 1, manner=Manner(ask=False))[0].id for _ in range(number)]


def rows(database):
    with database.session() as session:
        return {(row.kind, row.explanation_id): row for row in session.scalars(select(JobRow))}


def asked(database, ids, kind=UPGRADE):
    with database.session() as session:
        ask_for(session, kind, ids, VERSION)
