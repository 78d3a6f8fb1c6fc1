"""The openai engine as tests of it make it and ask it: impatient, and with a key that may be seen nowhere."""

from __future__ import annotations

from explainer.writing.engines import Sampling
from explainer.writing.engines.breaker import Breaker
from explainer.writing.engines.openai_compatible import OpenAIEngine
from explainer.writing.engines.remote import Remote
from explainer.writing.engines.retry import Retry
from explainer.writing.prompts import Prompt

FAST = Retry(tries=3, base_s=0.001, most_s=0.001)
PROMPT = Prompt("system", "user", "v")
SECRET = "sk-very-secret-0815"


def engine_for(pool, *, retry=FAST, breaker=Breaker, deadline_s=20.0, **remote):
    where = Remote(pool.url, "adapter", **{"timeout_s": 20.0, **remote})
    return OpenAIEngine(where, retry=retry, breaker=breaker, deadline_s=deadline_s)


def write(pool, **options):
    return engine_for(pool, **options).write([PROMPT], Sampling())
