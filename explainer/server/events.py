"""Server-sent events of one explanation: the text as it is, then each better one, then the end."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable

import msgspec
from litestar.concurrency import sync_to_thread
from litestar.response import ServerSentEventMessage

from explainer.errors import NotFoundError
from explainer.server.awaited import Awaited
from explainer.server.draining import Draining
from explainer.service.shown import ShownExplanation

_LONGEST_S = 60.0


class TextEvent(msgspec.Struct, frozen=True):
    """A text as it is now: ``pending`` says whether a better one is awaited."""

    explanation: str
    revision: int
    text: str
    source: str
    ai_generated: bool
    pending: bool


async def text_events(
    read: Callable[[], ShownExplanation], seen: int, awaited: Awaited, draining: Draining
) -> AsyncIterator[ServerSentEventMessage]:
    """Yield ``text`` for each text that the reader has not seen, then ``end``, once no better one is awaited.

    So it ends as well when the text is taken back: then its reader has nothing to wait for. A stream that ends without
    ``end`` is to be opened again, as browsers do: it was open for long, or this process is about to stop; or the
    explanation is erased, which whoever opens it again is told.

    Args:
        read: Reads the explanation, in a session of its own.
        seen: Number of the last text that the reader has (``Last-Event-ID``); 0 for none.
        awaited: Tells when to read again.
        draining: Whether this process is about to stop.
    """
    until = time.monotonic() + _LONGEST_S
    while True:
        try:
            now = await sync_to_thread(read)
        except NotFoundError:
            return
        if now.revision > seen:
            seen = now.revision
            yield _message("text", now)
        if not now.pending or now.suppressed is not None:
            yield _message("end", now)
            return
        left = until - time.monotonic()
        if draining.begun or left <= 0:
            return
        await awaited.ended(now.id, left)


def _message(event: str, now: ShownExplanation) -> ServerSentEventMessage:
    source = now.revisions[-1].source if now.revisions else now.source
    pending = now.pending and now.suppressed is None
    body = TextEvent(now.id, now.revision, now.current, source, now.ai.generated, pending)
    return ServerSentEventMessage(event=event, id=str(now.revision), data=msgspec.json.encode(body).decode())
