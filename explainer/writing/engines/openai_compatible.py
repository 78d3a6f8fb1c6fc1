"""The pool: servers that speak OpenAI's chat completions (vLLM, llama.cpp, ``transformers serve``), one or several.

The client library is httpx2: it is here already (transformers needs it), typed, and the one of the two httpx lines that
is still maintained. The ``openai`` package would add four more and its own idea of retries.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from datetime import UTC, datetime

from explainer.errors import EngineUnavailable
from explainer.writing.engines.background import Background
from explainer.writing.engines.base import Draft, Sampling
from explainer.writing.engines.breaker import Breaker
from explainer.writing.engines.cards import Identity
from explainer.writing.engines.endpoint import Endpoint
from explainer.writing.engines.endpoint_state import EndpointState
from explainer.writing.engines.pool import ServerPool
from explainer.writing.engines.remote import Remote, WorthRetryingError
from explainer.writing.engines.retry import Retry, retry_after_s
from explainer.writing.engines.seed import seed_of
from explainer.writing.engines.skills import Skills
from explainer.writing.prompts import Prompt

_log = logging.getLogger(__name__)
# Servers differ in how many bits of a seed they take; all take these.
_SEED_BITS = 0x7FFFFFFF
_LOOK_EVERY_S = 5.0


class OpenAIEngine:
    """Writes through servers; safe to call from several threads.

    The draws are the servers' own: ``top_k`` is not sent, since not every server takes it, and equal seeds give equal
    drafts only as far as the server keeps its promise. ``transformers serve`` has one stream of random numbers for
    all: there, only a concurrency of 1 repeats itself.

    A request goes to the server with the smallest share of its limit under way. If that fails, it goes to the next that
    has not failed with it; once all have, it is tried again after a pause, while there is time.

    Args:
        remotes: The servers; all are asked for the same model.
        deadline_s: Seconds that one call of :meth:`write` may take, retries included.
        retry: When to try again.
        breaker: Makes what stops asking a server that keeps failing.
        skills: What the adapter was trained to write.
        jitter: Draws from [0, 1).
        every_s: Seconds between looks at all servers.

    Attributes:
        model_hash: Nobody can hash weights that are elsewhere. This is a hash of the name of the base model and what
            the servers said of it when the engine was made (see :mod:`~explainer.writing.engines.cards`): it changes
            with the name, not with weights that were exchanged behind it.
        adapter_hash: The same of the model that is asked for by name.

    Raises:
        SettingsError: If there is no server, or the environment names a proxy or certificates that can't be used.
    """

    name = "openai"

    def __init__(
        self,
        *remotes: Remote,
        deadline_s: float = 20.0,
        retry: Retry | None = None,
        breaker: Callable[[], Breaker] = Breaker,
        skills: Skills | None = None,
        jitter: Callable[[], float] = random.random,
        every_s: float = _LOOK_EVERY_S,
    ) -> None:
        self._pool = ServerPool(remotes, breaker, every_s)
        self._deadline_s = deadline_s
        self._retry = retry or Retry()
        self._jitter = jitter
        self._model = remotes[0].model
        self._urls = [remote.url for remote in remotes]
        self._lock = threading.Lock()
        self._running: set[Future[list[Draft]]] = set()
        skills = skills or Skills()
        self.locales, self.domains = skills.locales, skills.domains
        self._background = Background("openai engine")
        # An engine that nobody holds any more takes its thread with it.
        self._end = weakref.finalize(self, self._background.stop)
        self.look()
        self.model_hash, self.adapter_hash = self._hashes()
        self._watch = self._background.start(self._pool.watch())

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written now; None as far as is known."""
        return self._pool.trouble

    @property
    def endpoints(self) -> tuple[EndpointState, ...]:
        """What is known of every server."""
        return self._pool.states

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:
        """Return one draft per prompt, in order (see :class:`~explainer.writing.engines.base.Engine`)."""
        if not prompts:
            return []
        with self._lock:
            call = self._background.start(self._within_deadline(prompts, sampling))
            self._running.add(call)
        try:
            return call.result()
        except CancelledError as error:
            raise EngineUnavailable("cancelled") from error
        finally:
            call.cancel()  # whoever is interrupted while they wait stops the work, too
            with self._lock:
                self._running.discard(call)

    def cancel(self) -> None:
        """Stop every call of :meth:`write` that is under way: its requests are closed, so the servers can stop, too."""
        with self._lock:
            running = list(self._running)
        for call in running:
            call.cancel()

    def look(self) -> None:
        """Ask every server now what it serves, and decide who is left out."""
        self._background.run(self._pool.look())

    def close(self) -> None:
        """Stop what is under way and end all connections; more than once if need be."""
        self.cancel()
        self._watch.cancel()  # else it may look through clients that are closed
        with suppress(EngineUnavailable):  # it is closed already
            self._background.run(self._pool.close())
        self._end()

    async def _within_deadline(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:
        until = time.monotonic() + self._deadline_s
        # No more wait for room than could have it: thousands would wake each other up all the time.
        places = asyncio.Semaphore(self._pool.capacity)
        try:
            async with asyncio.timeout(self._deadline_s), asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._draft(places, prompt, sampling, until)) for prompt in prompts]
        except TimeoutError as error:
            raise EngineUnavailable(f"{', '.join(self._urls)}: not done within {self._deadline_s:g} s") from error
        except ExceptionGroup as failed:
            # The first failure has stopped the others; if one is no outage it is a mistake of ours and goes on up.
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _draft(self, places: asyncio.Semaphore, prompt: Prompt, sampling: Sampling, until: float) -> Draft:
        body = self._body(prompt, sampling)
        tried = 0
        while True:
            try:
                async with places:
                    return await self._ask_around(body)
            except WorthRetryingError as error:
                tried += 1
                await self._pause(tried, error, until)

    async def _ask_around(self, body: dict[str, object]) -> Draft:
        """Ask one server after another until one writes.

        Raises:
            WorthRetryingError: If all failed, and one of them in a way that may pass.
            EngineUnavailable: If all failed, or there is none to ask.
        """
        failed: dict[Endpoint, EngineUnavailable] = {}
        while True:
            async with self._pool.place(failed) as endpoint:
                if endpoint is None:
                    raise _summary(self._pool.endpoints, failed)
                try:
                    return await endpoint.write(body)
                except EngineUnavailable as error:
                    failed[endpoint] = error
                    if isinstance(error, WorthRetryingError):
                        self._pool.doubt()

    async def _pause(self, tried: int, error: WorthRetryingError, until: float) -> None:
        asked = retry_after_s(error.retry_after, datetime.now(UTC))
        pause = self._retry.pause_s(tried, asked, self._jitter)
        if tried >= self._retry.tries or time.monotonic() + pause >= until:
            raise EngineUnavailable(f"{error}, {tried} of {self._retry.tries} times") from error
        await asyncio.sleep(pause)

    def _body(self, prompt: Prompt, sampling: Sampling) -> dict[str, object]:
        return {
            "model": self._model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "temperature": sampling.temperature,
            "max_tokens": sampling.max_new_tokens,
            "seed": seed_of(prompt.hash, sampling.attempt) & _SEED_BITS,
            "stream": False,
        }

    def _hashes(self) -> tuple[str, str]:
        identity = self._pool.identity
        if identity is None:
            for state in self._pool.states:
                _log.warning(
                    "%s says nothing of its models (%s): versions rest on its URL and the name.",
                    state.url,
                    state.trouble,
                )
        return (identity or Identity.unknown(self._model)).hashes(self._urls)


def _summary(endpoints: Sequence[Endpoint], failed: Mapping[Endpoint, EngineUnavailable]) -> EngineUnavailable:
    """Return why none of the servers wrote; worth another try if one of them is."""
    reasons = [f"{one.remote.url}: {failed.get(one) or one.breaker.why or one.trouble}" for one in endpoints]
    passing = [error for error in failed.values() if isinstance(error, WorthRetryingError)]
    if not passing:
        return EngineUnavailable("; ".join(reasons))
    return WorthRetryingError("; ".join(reasons), passing[-1].retry_after)
