"""Every request has a deadline, and a client that goes away ends what is done for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import cast

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send

from explainer.server.threads import Waits
from explainer.writing.patience import Call, calling


class Patience(ASGIMiddleware):
    """Gives every request a :class:`~explainer.writing.patience.Call`, and abandons it when the client disconnects.

    A disconnect is only heard by whoever calls ``receive``, and handlers stop calling once they have the body. So this
    one calls it, from the first message to the end of the response, and hands the messages on.

    Args:
        deadline_s: Seconds from a request's arrival to the latest moment at which its texts are done.
        clock: Seconds, monotonic; the clock of the worker.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, deadline_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._deadline_s = deadline_s
        self._clock = clock

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Run the app with the call in its context; where nobody waits for a model, nothing is gained by listening."""
        if scope["route_handler"].opt.get("waits", Waits.NEVER) in {Waits.NEVER, Waits.NEVER_BUT_LONG}:
            await next_app(scope, receive, send)
            return
        call = Call(self._clock() + self._deadline_s)
        # One message at most is read ahead, so that a body that nobody wants is not read into memory.
        messages: asyncio.Queue[HTTPReceiveMessage] = asyncio.Queue(1)
        listener = asyncio.create_task(_listen(receive, messages, call))

        async def hand_on() -> HTTPReceiveMessage:
            message = await messages.get()
            if message["type"] == "http.disconnect":
                messages.put_nowait(message)  # it stays true, however often it is asked for
            return message

        try:
            with calling(call):
                await next_app(scope, hand_on, send)
        finally:
            listener.cancel()
            await asyncio.wait([listener])


async def _listen(receive: Receive, messages: asyncio.Queue[HTTPReceiveMessage], call: Call) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            call.abandon()
        await messages.put(cast("HTTPReceiveMessage", message))
        if message["type"] == "http.disconnect":
            return
