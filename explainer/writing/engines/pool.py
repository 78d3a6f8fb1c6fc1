"""Servers that write the same: who of them is asked, who is left out, and how those come back.

A version stands with every text, so all servers must write with the same base and adapter. What each lists under the
model's name is compared, at the start and ever after; most of them decide, of as many the first. One that lists
something else, does not list the name, or does not answer is left out until it does. A server that stands alone is
asked even so while it says nothing of its models, as not every kind of server does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Container, Sequence
from contextlib import asynccontextmanager, suppress

from explainer.errors import EngineUnavailable
from explainer.writing.engines.breaker import Breaker
from explainer.writing.engines.cards import Identity
from explainer.writing.engines.endpoint import Endpoint
from explainer.writing.engines.endpoint_state import EndpointState
from explainer.writing.engines.least_loaded import least_loaded
from explainer.writing.engines.remote import Remote

_log = logging.getLogger(__name__)


class ServerPool:
    """See the module. Its coroutines belong into one event loop.

    Args:
        remotes: Where the servers are, at least one; all are asked for the same model.
        breaker: Makes the breaker of a server.
        every_s: Seconds between looks at all servers.

    Attributes:
        endpoints: The servers, in order.
        identity: What they all write with; None until one says it.

    Raises:
        SettingsError: If the environment names a proxy or certificates that can't be used.
    """

    def __init__(self, remotes: Sequence[Remote], breaker: Callable[[], Breaker], every_s: float) -> None:
        self.endpoints = [Endpoint(remote, breaker()) for remote in remotes]
        self.identity: Identity | None = None
        self._model = remotes[0].model
        self._every_s = every_s
        self._alone = len(self.endpoints) == 1
        self._waiters: set[asyncio.Future[None]] = set()
        self._doubted = asyncio.Event()
        # Of two looks at once, one would find a server being tried by the other, and end before that is.
        self._looking = asyncio.Lock()

    @property
    def capacity(self) -> int:
        """Requests that all servers together may have under way."""
        return sum(endpoint.limit for endpoint in self.endpoints)

    @property
    def states(self) -> tuple[EndpointState, ...]:
        """What is known of every server; from any thread."""
        return tuple(endpoint.state for endpoint in self.endpoints)

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written now; None if something can. From any thread."""
        if any(map(self._is_usable, self.endpoints)):
            return None
        if self._alone:
            only = self.endpoints[0]
            return only.trouble if only.left_out else "its server does not answer"
        return f"none of its {len(self.endpoints)} servers can be used"

    @asynccontextmanager
    async def place(self, failed: Container[Endpoint]) -> AsyncIterator[Endpoint | None]:
        """Wait until a server has room, and count a request as under way to it during the block.

        Args:
            failed: Servers that have failed with this request already.

        Yields:
            The least loaded server; None if there is none but those that failed.
        """
        best = await self._with_room(failed)
        if best is None:
            yield None
            return
        best.in_flight, best.requests = best.in_flight + 1, best.requests + 1
        try:
            yield best
        finally:
            best.in_flight -= 1
            self._let_look()

    async def _with_room(self, failed: Container[Endpoint]) -> Endpoint | None:
        while others := [one for one in self.endpoints if one not in failed and self._is_usable(one)]:
            if (best := least_loaded(others)) is not None:
                return best
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        return None

    def _let_look(self) -> None:
        """Let those who wait for room look again."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def doubt(self) -> None:
        """Look at all servers now: one of them broke a connection."""
        self._doubted.set()

    async def watch(self) -> None:
        """Look at all servers again and again, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._doubted.wait()
            self._doubted.clear()
            try:
                await self.look()
            except Exception:  # noqa: BLE001  whatever a server makes a library raise, the next look must come
                _log.exception("A look at the servers failed")

    async def look(self) -> None:
        """Ask every server what it serves, and decide who is left out; one look after the other."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        found = await asyncio.gather(*map(self._seen, self.endpoints))
        if self.identity is None:
            # Cards hold what servers made up: they can be compared, but not hashed.
            listed = [one for one in found if isinstance(one, Identity)]
            self.identity = max(listed, key=listed.count, default=None)
        for endpoint, seen in zip(self.endpoints, found, strict=True):
            self._judge(endpoint, seen)
        await asyncio.gather(*(self._try_again(one) for one in self.endpoints if not one.left_out))
        self._let_look()

    async def close(self) -> None:
        """End all connections."""
        await asyncio.gather(*(endpoint.close() for endpoint in self.endpoints))

    def _is_usable(self, endpoint: Endpoint) -> bool:
        # One that failed must first write something that nobody waits for; else whoever tries it takes the others of
        # their batch, whom it refuses meanwhile, down with them.
        return not endpoint.left_out and endpoint.breaker.is_closed

    async def _seen(self, endpoint: Endpoint) -> Identity | str:
        """Return what a server serves, or why that is not known."""
        try:
            cards = await endpoint.cards()
        except EngineUnavailable as error:
            return str(error)
        return Identity.listed(cards, self._model) or f"it does not list {self._model!r} among its models"

    def _judge(self, endpoint: Endpoint, seen: Identity | str) -> None:
        before = endpoint.trouble
        if isinstance(seen, str):
            endpoint.trouble, endpoint.left_out = seen, not self._alone
        elif seen != self.identity:
            endpoint.identity = seen
            endpoint.trouble = (
                f"it serves another model or adapter as {self._model!r} than the texts' version says; "
                "set EXPLAINER_OPENAI_MODEL, or start the service again, to write with it"
            )
            endpoint.left_out = True
        else:
            endpoint.identity, endpoint.trouble, endpoint.left_out = seen, "", False
        if endpoint.trouble != before:
            _log.warning("%s: %s", endpoint.remote.url, endpoint.trouble or "it is back")

    async def _try_again(self, endpoint: Endpoint) -> None:
        if endpoint.breaker.is_closed:
            return
        with suppress(EngineUnavailable):
            await endpoint.try_again()
