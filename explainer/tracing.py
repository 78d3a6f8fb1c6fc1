"""A span for every step of the pipeline (OpenTelemetry); without an SDK in the process they cost and do nothing.

To send them somewhere, install ``opentelemetry-distro`` and an exporter and start the service as
``opentelemetry-instrument explainer serve`` with the standard variables (``OTEL_SERVICE_NAME``,
``OTEL_EXPORTER_OTLP_ENDPOINT`` …), or set a ``TracerProvider`` with :func:`opentelemetry.trace.set_tracer_provider` in
a program of your own before it serves. Spans carry names of steps, routes and types of errors: no text, title or id of
anybody, and no message of an error, which could hold one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

_TRACER: ContextVar[Tracer | None] = ContextVar("tracer", default=None)


@contextmanager
def tracing(tracer: Tracer | None) -> Iterator[None]:
    """Let this tracer make the block's spans; None for the process' own."""
    token = _TRACER.set(tracer)
    try:
        yield
    finally:
        _TRACER.reset(token)


@contextmanager
def step(name: str, kind: SpanKind = SpanKind.INTERNAL, parent: Context | None = None) -> Iterator[Span]:
    """Make a span of the block; as a decorator, of every call.

    Args:
        name: What is done.
        kind: On which side of a call it is done.
        parent: What it is a part of; the current span by default.
    """
    tracer = _TRACER.get() or trace.get_tracer("explainer")
    with tracer.start_as_current_span(
        name, context=parent, kind=kind, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(StatusCode.ERROR)
            raise
