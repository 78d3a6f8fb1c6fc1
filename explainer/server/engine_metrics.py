"""What writes, in Prometheus' metrics: what it has done and has to do, and whether it is what was promoted."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge

from explainer.server.taken import Taken
from explainer.service.succession import Succession
from explainer.writing.engines.endpoint_state import EndpointState
from explainer.writing.worker import BatchingEngine

_EVENTS = ("batches", "prompts", "deduplicated", "failures", "timeouts", "abandoned", "refused", "late")


class EngineMetrics:
    """What inference workers have done, and the one that writes now has to do.

    Args:
        registry: Where the metrics go.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seen: list[BatchingEngine] = []
        self._seconds = Taken("engine_seconds", "Seconds that batches took.", (), registry)
        self._events = Taken("worker_events", "What the inference worker has done.", ("event",), registry)
        self._waiting = gauge("backlog_prompts", "Prompts that wait for the engine.", registry)
        self._limit = gauge("backlog_prompts_limit", "Prompts that may wait.", registry)
        self._endpoints = _Endpoints(registry)

    def refresh(self, engine: BatchingEngine) -> None:
        """Tell what the engine that writes now has to do, and what it and those before it have done."""
        if engine not in self._seen:
            self._seen.append(engine)
        waiting, limit = engine.backlog
        done = [one.counters for one in self._seen]  # those before it may still be writing for a request
        self._seconds.reach([((), sum(one.seconds for one in done))])
        self._events.reach(((name,), sum(getattr(one, name) for one in done)) for name in _EVENTS)
        self._waiting.set(waiting)
        self._limit.set(limit)
        self._endpoints.refresh(engine.endpoints)


class SuccessionMetrics:
    """Whether the adapter in production writes here; of several processes, whether it does in all of them.

    Nothing is told of that where promotions change nothing.

    Args:
        succession: Takes up adapters.
        registry: Where the metrics go.
    """

    def __init__(self, succession: Succession, registry: CollectorRegistry) -> None:
        self._succession = succession
        told = "Whether the adapter in production writes; 0 where it could not be taken up."
        self._current = (
            Gauge("explainer_adapter_current", told, registry=registry, multiprocess_mode="livemin")
            if succession.follows
            else None
        )
        self._changes = Taken(
            "adapter_changes", "Times that another adapter was to be taken up.", ("result",), registry
        )

    def refresh(self) -> None:
        """Tell how it stands."""
        if self._current is not None:
            self._current.set(not self._succession.trouble)
        self._changes.reach([(("taken",), self._succession.taken), (("failed",), self._succession.failed)])


class _Endpoints:
    """The servers behind the engine; labels are their URLs, which hold no passwords."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("endpoint",)
        told = "Whether a server of the engine is asked and answers; of several processes, whether all say so."
        self._up = Gauge("explainer_engine_up", told, labels, registry=registry, multiprocess_mode="livemin")
        self._in_flight = gauge("engine_in_flight", "Requests under way to a server.", registry, labels)
        self._limit = gauge("engine_in_flight_limit", "How many may be.", registry, labels)
        self._requests = Taken("engine_requests", "Requests for texts to a server.", labels, registry)
        self._failures = Taken("engine_failures", "How many of them brought none.", labels, registry)

    def refresh(self, states: Sequence[EndpointState]) -> None:
        for state in states:
            self._up.labels(state.url).set(state.up)
            self._in_flight.labels(state.url).set(state.in_flight)
            self._limit.labels(state.url).set(state.limit)
        self._requests.reach(((state.url,), state.requests) for state in states)
        self._failures.reach(((state.url,), state.failures) for state in states)


def gauge(name: str, told: str, registry: CollectorRegistry, labels: tuple[str, ...] = ()) -> Gauge:
    """Return a gauge of the moment, summed over the processes that are there."""
    return Gauge(f"explainer_{name}", told, labels, registry=registry, multiprocess_mode="livesum")
