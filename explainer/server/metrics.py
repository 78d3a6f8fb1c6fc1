"""What a Prometheus server reads at ``/metrics``; it asks with ``Authorization: Bearer KEY``, as anybody does.

Requests are counted as they end. Everything else is counted where it happens, by parts that know no Prometheus, and
taken over from them when somebody asks. A registry belongs to one app: two in one process do not count for each other.
Processes that serve together count in files that they share (``PROMETHEUS_MULTIPROC_DIR``), and each tells of all.
"""

from __future__ import annotations

from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from explainer.access import Scope
from explainer.access.rates import Limiter
from explainer.audit.checkpointer import Checkpointer
from explainer.server.admission import Admission
from explainer.server.auth import needs
from explainer.server.exchange import Exchange
from explainer.server.inside import Inside
from explainer.service.live import Live
from explainer.service.succession import Succession

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 20.0)


class Metrics:
    """The metrics of one app.

    Args:
        live: Its pipeline.
        succession: Takes up adapters.
        admission: Its queue.
        limiter: Counts its requests.
        checkpointer: Signs its audit log.
        shared: Whether several processes serve together; the library must have been imported where they count.
    """

    def __init__(
        self,
        live: Live,
        succession: Succession,
        admission: Admission,
        limiter: Limiter,
        checkpointer: Checkpointer | None = None,
        *,
        shared: bool = False,
    ) -> None:
        self.registry = CollectorRegistry()
        self._shared = shared
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
        self._inside = Inside(live, succession, admission, limiter, checkpointer, self.registry)
        if not shared:
            ProcessCollector(registry=self.registry)

    def note(self, exchange: Exchange) -> None:
        """Count a request."""
        route = exchange.route or "(unknown path)"
        self._requests.labels(exchange.method, route, str(exchange.status)).inc()
        self._seconds.labels(exchange.method, route).observe(exchange.seconds)

    def refresh(self) -> None:
        """Take over what the parts have counted, for the other processes to tell."""
        self._inside.refresh()

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        self.refresh()
        if not self._shared:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


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
