"""What tests of pre-writing run in processes of their own."""

from __future__ import annotations

from explainer.errors import EngineUnavailable
from explainer.pipeline import Explainer
from explainer.service.pregenerate import Order
from explainer.service.pregenerate.local import run_local
from explainer.service.pregenerate.stages import Stages
from explainer.storage.database import Database
from explainer.storage.drafts import SqlDraftCache
from explainer.writing.engines import Draft
from explainer.writing.engines.absent import AbsentEngine
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.store import load_model
from tests.conftest import GENRES

K = 4
USERS_AT_ONCE = 6


class Typist:
    """Writes what holds for one cause of one genre, and a lie where there is none; can be away, and counts."""

    name, model_hash, adapter_hash = "typist", "m", "a"
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self, on_write=lambda: None):
        self.asked = []
        self.away = False
        self._on_write = on_write

    def write(self, prompts, sampling):
        self._on_write()
        if self.away:
            raise EngineUnavailable("out to lunch")
        self.asked += [prompt.hash for prompt in prompts]
        shared = [next((genre for genre in GENRES if genre in prompt.user), "lie") for prompt in prompts]
        return [Draft(f"You gave {{b1}} {{b1.value}}, and {{item}} is a {genre} film too.") for genre in shared]


def explainer_of(url, folder, engine):
    """Return the pipeline over a saved model."""
    return over(Database(url), load_model(folder), engine)


def over(database, model, engine):
    """Return the pipeline over a model."""
    made = Explainer(database, model, Writer(PromptLibrary(), load_vocabulary, engine, SqlDraftCache(database)))
    made.review_percent = 50.0
    return made


def stages_of(url, folder, k=K):
    """Return the stages as a helping process has them."""
    return Stages(explainer_of(url, folder, AbsentEngine.of(Typist())), Order(k))


def writer_of(url):
    """Return the writer as the one process that writes has it."""
    return Writer(PromptLibrary(), load_vocabulary, Typist(), SqlDraftCache(Database(url)))


def whole_run(url, folder, users, connection):
    """Write for users, and tell of every step."""
    explainer = explainer_of(url, folder, Typist(lambda: connection.send("writing")))
    run_local(explainer, Order(K), users, lambda *step: connection.send(step), at_once=USERS_AT_ONCE)
    connection.send("done")
