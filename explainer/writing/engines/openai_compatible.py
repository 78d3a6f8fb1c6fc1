"""The pool: any server that speaks OpenAI's chat completions (vLLM, llama.cpp, ``transformers serve``).

The client library is httpx2: it is here already (transformers needs it), typed, and the one of the two httpx lines that
is still maintained. The ``openai`` package would add four more and its own idea of retries.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import httpx2
import msgspec

from explainer.errors import EngineUnavailable
from explainer.writing.engines.base import Draft, Sampling
from explainer.writing.engines.breaker import Breaker
from explainer.writing.engines.remote import Remote, WorthRetryingError
from explainer.writing.engines.retry import Retry, retry_after_s
from explainer.writing.engines.seed import seed_of
from explainer.writing.engines.skills import Skills
from explainer.writing.prompts import Prompt

_log = logging.getLogger(__name__)
# Servers differ in how many bits of a seed they take; all take these.
_SEED_BITS = 0x7FFFFFFF
_ABOUT_S = 3.0


class _Message(msgspec.Struct):
    content: str


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]


class _Card(msgspec.Struct):
    """What ``/v1/models`` says of a model and stays the same while the model does; vLLM's ``created`` does not."""

    id: str
    root: str | None = None
    parent: str | None = None
    owned_by: str | None = None
    meta: dict[str, object] | None = None


class _Cards(msgspec.Struct):
    data: list[_Card]


class OpenAIEngine:
    """Writes through a server; safe to call from several threads, but not from inside an event loop.

    The draws are the server's own: ``top_k`` is not sent, since not every server takes it, and equal seeds give equal
    drafts only as far as the server keeps its promise. ``transformers serve`` has one stream of random numbers for
    all: there, only a concurrency of 1 repeats itself.

    Args:
        remote: The server.
        deadline_s: Seconds that one call of :meth:`write` may take, retries included.
        retry: When to try again.
        breaker: Stops asking a server that keeps failing; its own by default.
        skills: What the adapter was trained to write.
        jitter: Draws from [0, 1).

    Attributes:
        model_hash: Nobody can hash weights that are elsewhere. This is a hash of the URL, the name of the base model
            and what the server said of it when the engine was made, if it was there: it changes with the name, not
            with weights that were exchanged behind it.
        adapter_hash: The same of the model that is asked for by name.
    """

    name = "openai"

    def __init__(
        self,
        remote: Remote,
        *,
        deadline_s: float = 20.0,
        retry: Retry | None = None,
        breaker: Breaker | None = None,
        skills: Skills | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._remote = remote
        self._deadline_s = deadline_s
        self._retry = retry or Retry()
        self._jitter = jitter
        self._lock = threading.Lock()
        self._running: set[tuple[asyncio.AbstractEventLoop, asyncio.Task[list[Draft]]]] = set()
        self.breaker = breaker or Breaker()
        skills = skills or Skills()
        self.locales, self.domains = skills.locales, skills.domains
        self.model_hash, self.adapter_hash = self._hashes()

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written now; None as far as is known."""
        return "its server does not answer" if self.breaker.is_open else None

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:
        """Return one draft per prompt, in order (see :class:`~explainer.writing.engines.base.Engine`)."""
        if not prompts:
            return []
        try:
            with self.breaker.call():
                return asyncio.run(self._cancellable(prompts, sampling))
        except EngineUnavailable as error:
            raise EngineUnavailable(f"{self._remote.url}: {error}") from error
        except asyncio.CancelledError as error:
            raise EngineUnavailable("cancelled") from error

    def cancel(self) -> None:
        """Stop every call of :meth:`write` that is under way: its requests are closed, so the server can stop, too."""
        with self._lock:
            for loop, task in self._running:
                loop.call_soon_threadsafe(task.cancel)

    async def _cancellable(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:
        task = asyncio.ensure_future(self._within_deadline(prompts, sampling))
        mine = (asyncio.get_running_loop(), task)
        with self._lock:
            self._running.add(mine)
        try:
            return await task
        finally:
            with self._lock:
                self._running.discard(mine)

    async def _within_deadline(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:
        until = time.monotonic() + self._deadline_s
        places = asyncio.Semaphore(self._remote.concurrency)
        try:
            async with asyncio.timeout(self._deadline_s), self._remote.client() as client, asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._draft(client, places, prompt, sampling, until)) for prompt in prompts]
        except TimeoutError as error:
            raise EngineUnavailable(f"not done within {self._deadline_s:g} s") from error
        except ExceptionGroup as failed:
            # The first failure has stopped the others; if one is no outage it is a mistake of ours and goes on up.
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _draft(
        self, client: httpx2.AsyncClient, places: asyncio.Semaphore, prompt: Prompt, sampling: Sampling, until: float
    ) -> Draft:
        body = self._body(prompt, sampling)
        tried = 0
        while True:
            try:
                async with places:
                    answer = await self._remote.ask(client, "/chat/completions", _Completion, body)
                return _draft_of(answer)
            except WorthRetryingError as error:
                tried += 1
                await self._pause(tried, error, until)

    async def _pause(self, tried: int, error: WorthRetryingError, until: float) -> None:
        asked = retry_after_s(error.retry_after, datetime.now(UTC))
        pause = self._retry.pause_s(tried, asked, self._jitter)
        if tried >= self._retry.tries or time.monotonic() + pause >= until:
            raise EngineUnavailable(f"{error}, {tried} of {self._retry.tries} times") from error
        await asyncio.sleep(pause)

    def _body(self, prompt: Prompt, sampling: Sampling) -> dict[str, object]:
        return {
            "model": self._remote.model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "temperature": sampling.temperature,
            "max_tokens": sampling.max_new_tokens,
            "seed": seed_of(prompt.hash, sampling.attempt) & _SEED_BITS,
            "stream": False,
        }

    def _hashes(self) -> tuple[str, str]:
        remote = self._remote
        try:
            cards = asyncio.run(self._cards())
        except EngineUnavailable as error:
            _log.warning(
                "%s says nothing of its models (%s): versions rest on its URL and the name.", remote.url, error
            )
            cards = {}
        adapter = cards.get(remote.model, _Card(remote.model))
        base = cards.get(adapter.parent or adapter.id, _Card(adapter.parent or adapter.id))
        return _hash(remote.url, base), _hash(remote.url, adapter)

    async def _cards(self) -> dict[str, _Card]:
        limit = min(_ABOUT_S, self._remote.timeout_s)
        try:
            async with asyncio.timeout(limit), self._remote.client() as client:
                return {card.id: card for card in (await self._remote.ask(client, "/models", _Cards)).data}
        except TimeoutError as error:
            raise EngineUnavailable(f"no answer within {limit:g} s") from error


def _draft_of(answer: _Completion) -> Draft:
    text = answer.choices[0].message.content.strip() if answer.choices else ""
    if not text:
        raise EngineUnavailable("the answer holds no text")
    return Draft(text)


def _hash(url: str, card: _Card) -> str:
    return hashlib.sha256(url.encode() + b"\x00" + msgspec.json.encode(card, order="deterministic")).hexdigest()
