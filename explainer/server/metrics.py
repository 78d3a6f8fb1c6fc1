"""What a Prometheus server reads at ``/metrics``; it asks with ``Authorization: Bearer KEY``, as anybody does.

Requests are counted as they end. Everything else is counted where it happens, by parts that know no Prometheus, and
read from them when somebody asks. A registry belongs to one app: two in one process do not count for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from explainer.access import Scope
from explainer.access.rates import Limiter
from explainer.audit.checkpointer import Checkpointer
from explainer.pipeline import Explainer
from explainer.server.admission import Admission
from explainer.server.auth import needs
from explainer.server.exchange import Exchange
from explainer.tallies import Counts
from explainer.writing.limits import Counters
from explainer.writing.worker import BatchingEngine

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 20.0)
_EVENTS = ("batches", "prompts", "deduplicated", "failures", "timeouts", "abandoned", "refused", "late")


class Metrics:
    """The metrics of one app.

    Args:
        explainer: Its pipeline.
        admission: Its queue.
        limiter: Counts its requests.
        checkpointer: Signs its audit log.
    """

    def __init__(
        self, explainer: Explainer, admission: Admission, limiter: Limiter, checkpointer: Checkpointer | None = None
    ) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "explainer_http_requests", "Requests.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "explainer_http_request_seconds",
            "From a request's arrival to the end of its answer.",
            ("method", "route"),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.registry.register(_Inside(explainer, admission, limiter, checkpointer))
        ProcessCollector(registry=self.registry)

    def note(self, exchange: Exchange) -> None:
        """Count a request."""
        route = exchange.route or "(unknown path)"
        self._requests.labels(exchange.method, route, str(exchange.status)).inc()
        self._seconds.labels(exchange.method, route).observe(exchange.seconds)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)


@get(
    "/metrics",
    opt=needs(Scope.METRICS),
    sync_to_thread=True,
    summary="What a Prometheus server reads",
    response_description="Metrics in Prometheus' text format",
    media_type=MediaType.TEXT,
    tags=["operation"],
)
def show_metrics(request: Request[object, object, State]) -> Response[str]:
    """Return requests, queue, gate failures, fallbacks, cache hits and engine seconds."""
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.text().decode(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


class _Inside(Collector):
    """Reads what the parts have counted."""

    def __init__(
        self, explainer: Explainer, admission: Admission, limiter: Limiter, checkpointer: Checkpointer | None
    ) -> None:
        self._checkpointer = checkpointer
        self._explainer = explainer
        self._admission = admission
        self._limiter = limiter

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they stand."""
        yield from _of_texts(self._explainer.tallies.counts)
        yield GaugeMetricFamily("explainer_queue_places", "Requests that may be inside.", self._admission.places)
        yield GaugeMetricFamily("explainer_queue_places_taken", "Requests that are inside.", self._admission.taken)
        yield _labelled(
            "explainer_rate_limited_requests", "Requests above a limit, by role.", "role", self._limiter.refused
        )
        if self._checkpointer is not None:
            yield from _of_checkpoints(self._checkpointer)
        engine = self._explainer.writer.engine
        if isinstance(engine, BatchingEngine):
            yield from _of_worker(engine.counters, *engine.backlog)


def _of_texts(counts: Counts) -> Iterable[Metric]:
    texts = CounterMetricFamily(
        "explainer_explanations", "Explanations stored, by who wrote the text.", labels=("source", "locale")
    )
    for labels, number in counts.texts.items():
        texts.add_metric(labels, number)
    cache = {"hit": counts.remembered, "miss": counts.asked}
    return (
        texts,
        _labelled("explainer_gate_failures", "What the gate held against drafts.", "rule", counts.failures),
        _labelled("explainer_draft_cache", "Texts whose draft was looked for in the cache.", "result", cache),
    )


def _of_checkpoints(checkpointer: Checkpointer) -> Iterable[Metric]:
    return (
        GaugeMetricFamily(
            "explainer_audit_signed", "Whether signing went well the last time.", not checkpointer.trouble
        ),
        CounterMetricFamily("explainer_audit_sign_failures", "Times it did not.", checkpointer.failures),
    )


def _of_worker(counters: Counters, waiting: int, backlog: int) -> Iterable[Metric]:
    events = {name: getattr(counters, name) for name in _EVENTS}
    return (
        SummaryMetricFamily(
            "explainer_engine_seconds", "Seconds that batches took.", counters.batches, counters.seconds
        ),
        _labelled("explainer_worker_events", "What the inference worker has done.", "event", events),
        GaugeMetricFamily("explainer_backlog_prompts", "Prompts that wait for the engine.", waiting),
        GaugeMetricFamily("explainer_backlog_prompts_limit", "Prompts that may wait.", backlog),
    )


def _labelled(name: str, documentation: str, label: str, numbers: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, documentation, labels=(label,))
    for value, number in numbers.items():
        family.add_metric((value,), number)
    return family
