"""Several real servers that write the same, and an engine that asks them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

from explainer.writing.engines.openai_compatible import OpenAIEngine
from explainer.writing.engines.remote import Remote
from explainer.writing.engines.retry import Retry
from explainer.writing.prompts import Prompt
from tests.pool import Pool, answer, cards, completion

S = 20  # far more than anything here takes: it only keeps a broken test from hanging
NAME = "explainer-en-1a2b3c"
BASE = {"id": "smollm2", "root": "/models/smollm2", "parent": None, "owned_by": "vllm", "created": 1}
ADAPTER = {"id": NAME, "root": "/adapters/en", "parent": "smollm2", "owned_by": "vllm", "created": 2}
MODELS = cards(BASE, ADAPTER)
BUSY = answer({}, "503 Service Unavailable")
PROMPTS = [Prompt("system", f"prompt {n}", "v") for n in range(64)]


def echo(request):
    return completion(request["messages"][-1]["content"])


@contextmanager
def engine_of(*pools, limits=(), timeouts=(), **options):
    """An engine that looks at its servers when told to, or when one of them breaks a connection."""
    remotes = [
        Remote(pool.url, NAME, timeout_s=timeout_s, concurrency=limit)
        for pool, limit, timeout_s in zip(pools, limits or [8] * len(pools), timeouts or [S] * len(pools), strict=True)
    ]
    settings = {"retry": Retry(2, 0.001, 0.001), "deadline_s": S, "every_s": 3600.0, **options}
    engine = OpenAIEngine(*remotes, **settings)
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def pools_of(*answers, models=MODELS):
    with ExitStack() as stack:
        yield [stack.enter_context(Pool(*each, models=models)) for each in answers]


def troubles(engine):
    return [state.trouble for state in engine.endpoints]
