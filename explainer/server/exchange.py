"""The outermost layer: every request gets an id and a span, and what became of it is told to log and metrics.

It lies around the app, not in its middleware, which a request for an unknown path never reaches. Whoever listens learns
the route's template and never the path: users' ids and search words are in paths and queries.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from explainer.access import Caller
from explainer.server.request_ids import HEADER, identified
from explainer.tracing import step, tracing

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAILED = 500


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        method: As sent; ``OTHER`` if it is none that we know.
        route: Template of the path, empty where nothing matched.
        status: Of the answer; 500 if there was none.
        seconds: From the request's arrival to the end of the answer.
        role: Of the caller, empty where nobody is known.
        size: Bytes of the body as sent.
    """

    method: str
    route: str
    status: int
    seconds: float
    role: str
    size: int


@dataclass(slots=True)
class _Answer:
    status: int = _FAILED
    size: int = 0


class Watched:
    """An ASGI app whose exchanges are told.

    Args:
        app: Answers.
        listeners: Are told of every exchange when it is over.
        tracer: Makes the spans; the process' own by default.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        app: ASGIApp,
        listeners: Sequence[Callable[[Exchange], None]],
        tracer: Tracer | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._listeners = listeners
        self._tracer = tracer
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and tell of it."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        start, headers = self._clock(), dict(scope["headers"])
        with (
            identified(headers.get(HEADER)) as request_id,
            tracing(self._tracer),
            step("request", SpanKind.SERVER, _parent(headers)) as span,
        ):
            answer = _Answer()
            try:
                await self._app(scope, receive, _noting(send, answer, request_id))
            finally:
                exchange = _exchange(scope, answer, self._clock() - start)
                _describe(span, exchange)
                for tell in self._listeners:
                    tell(exchange)


def _noting(send: Send, answer: _Answer, request_id: str) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            message["headers"] = [*message["headers"], (HEADER, request_id.encode())]
        elif message["type"] == "http.response.body":
            answer.size += len(message["body"])
        await send(message)

    return noting


def _exchange(scope: HTTPScope, answer: _Answer, seconds: float) -> Exchange:
    method = str(scope["method"])
    caller = scope["state"].get("caller")
    return Exchange(
        method=method if method in _METHODS else "OTHER",
        route=scope.get("path_template", ""),
        status=answer.status,
        seconds=seconds,
        role=str(caller.role) if isinstance(caller, Caller) else "",
        size=answer.size,
    )


def _parent(headers: dict[bytes, bytes]) -> Context:
    """Return the trace that the caller has begun; their baggage may hold anything and is left alone."""
    carrier = {name: headers.get(name.encode(), b"").decode("latin-1") for name in ("traceparent", "tracestate")}
    return propagate.extract({name: value for name, value in carrier.items() if value})


def _describe(span: Span, exchange: Exchange) -> None:
    span.update_name(f"{exchange.method} {exchange.route}".rstrip())
    span.set_attributes(
        {
            "http.request.method": exchange.method,
            "http.route": exchange.route,
            "http.response.status_code": exchange.status,
        }
    )
    if exchange.status >= _FAILED:
        span.set_status(StatusCode.ERROR)
