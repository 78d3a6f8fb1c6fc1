"""One server of the pool: what is under way to it, what went wrong with it, what it was last seen to serve."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from explainer.errors import EngineUnavailable
from explainer.writing.engines.base import Draft
from explainer.writing.engines.breaker import Breaker
from explainer.writing.engines.cards import Cards, Identity
from explainer.writing.engines.endpoint_state import EndpointState
from explainer.writing.engines.remote import Remote

_LOOK_S = 3.0


class _Message(msgspec.Struct):
    content: str


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]


class Endpoint:
    """See the module. Everything but :attr:`state` belongs to the pool's own thread.

    Args:
        remote: Where it is.
        breaker: Stops asking it when it keeps failing.

    Attributes:
        limit: Requests that may be under way at once.
        in_flight: How many are.
        requests: Requests for texts so far.
        failures: How many of them brought none.
        identity: What it was last seen to serve under the model's name; None if that is not known.
        trouble: What the last look at it found wrong; empty if nothing.
        left_out: Whether it is not asked because of that.

    Raises:
        SettingsError: If the environment names a proxy or certificates that can't be used.
    """

    def __init__(self, remote: Remote, breaker: Breaker) -> None:
        self.remote, self.breaker = remote, breaker
        self.limit = remote.concurrency
        self.in_flight = self.requests = self.failures = 0
        self.identity: Identity | None = None
        self.trouble, self.left_out = "", False
        self.latency_s: float | None = None
        self._client = remote.client()

    @property
    def state(self) -> EndpointState:
        """What is known of it now; from any thread."""
        trouble = self.trouble or self.breaker.why
        return EndpointState(
            self.remote.url,
            not trouble,
            trouble,
            self.in_flight,
            self.limit,
            self.requests,
            self.failures,
            self.latency_s,
            *(("", "") if self.identity is None else self.identity.places),
        )

    async def write(self, body: dict[str, object]) -> Draft:
        """Return what it writes.

        Raises:
            WorthRetryingError: If it failed in a way that may pass.
            EngineUnavailable: If it failed in another way, or wrote nothing.
        """
        try:
            with self.breaker.call():
                return _draft_of(await self.remote.ask(self._client, "/chat/completions", _Completion, body))
        except EngineUnavailable:
            self.failures += 1
            raise

    async def cards(self) -> Cards:
        """Return what models it lists, and note how long that took.

        Raises:
            EngineUnavailable: If it does not say.
        """
        start = time.perf_counter()
        async with self._briefly():
            found = await self.remote.ask(self._client, "/models", Cards)
        self.latency_s = time.perf_counter() - start
        return found

    async def try_again(self) -> None:
        """Ask it for one word, if it failed before and its pause is over: no reader has to wait for the answer.

        Raises:
            EngineUnavailable: If it does not answer, or its pause is not over.
        """
        body = {
            "model": self.remote.model,
            "messages": [{"role": "user", "content": "Say yes."}],
            "temperature": 0.0,
            "max_tokens": 1,
            "stream": False,
        }
        with self.breaker.call():
            async with self._briefly():
                await self.remote.ask(self._client, "/chat/completions", _Completion, body)

    @asynccontextmanager
    async def _briefly(self) -> AsyncIterator[None]:
        """End a look at the server that takes longer than looks may."""
        limit = min(_LOOK_S, self.remote.timeout_s)
        try:
            async with asyncio.timeout(limit):
                yield
        except TimeoutError as error:
            raise EngineUnavailable(f"no answer within {limit:g} s") from error

    async def close(self) -> None:
        """End its connections."""
        await self._client.aclose()


def _draft_of(answer: _Completion) -> Draft:
    text = answer.choices[0].message.content.strip() if answer.choices else ""
    if not text:
        raise EngineUnavailable("the answer holds no text")
    return Draft(text)
