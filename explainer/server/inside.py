"""What the parts of a service have counted by themselves, taken over into Prometheus' metrics."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge

from explainer.access.rates import Limiter
from explainer.audit.checkpointer import Checkpointer
from explainer.errors import BusyError
from explainer.pipeline import Explainer
from explainer.server.admission import Admission
from explainer.server.job_metrics import JobMetrics
from explainer.server.taken import Taken
from explainer.service.jobs.afterwork import Afterwork
from explainer.writing.engines.endpoint_state import EndpointState
from explainer.writing.worker import BatchingEngine

_EVENTS = ("batches", "prompts", "deduplicated", "failures", "timeouts", "abandoned", "refused", "late")


class Inside:
    """See the module; safe to use from several threads.

    Args:
        explainer: The pipeline, with its tallies and its engine.
        admission: The queue.
        limiter: Counts requests above a limit.
        checkpointer: Signs the audit log.
        registry: Where the metrics go.
    """

    def __init__(
        self,
        explainer: Explainer,
        admission: Admission,
        limiter: Limiter,
        checkpointer: Checkpointer | None,
        registry: CollectorRegistry,
    ) -> None:
        self._explainer, self._admission, self._limiter = explainer, admission, limiter
        self._lock = threading.Lock()
        self._texts = Taken(
            "explanations", "Explanations stored, by who wrote the text.", ("source", "locale"), registry
        )
        self._failures = Taken("gate_failures", "What the gate held against drafts.", ("rule",), registry)
        self._private = Taken("private", "Explanations that kept something private out.", ("category",), registry)
        self._cache = Taken("draft_cache", "Texts whose draft was looked for in the cache.", ("result",), registry)
        self._limited = Taken("rate_limited_requests", "Requests above a limit, by role.", ("role",), registry)
        self._places = _now("queue_places", "Requests that may be inside.", registry)
        self._taken = _now("queue_places_taken", "Requests that are inside.", registry)
        self._signing = None if checkpointer is None else _Signing(checkpointer, registry)
        afterwork = explainer.afterwards
        self._jobs = JobMetrics(explainer.database, afterwork, registry) if isinstance(afterwork, Afterwork) else None
        self._engine = _Engine(registry) if isinstance(explainer.writer.engine, BatchingEngine) else None

    def refresh(self) -> None:
        """Take over what was counted since the last time."""
        with self._lock:
            counts = self._explainer.tallies.counts
            self._texts.reach(counts.texts.items())
            self._failures.reach(((rule,), number) for rule, number in counts.failures.items())
            self._private.reach(((category,), number) for category, number in counts.private.items())
            self._cache.reach([(("hit",), counts.remembered), (("miss",), counts.asked)])
            self._limited.reach(((role,), number) for role, number in self._limiter.refused.items())
            self._places.set(self._admission.places)
            self._taken.set(self._admission.taken)
            if self._signing is not None:
                self._signing.refresh()
            engine = self._explainer.writer.engine
            if self._engine is not None and isinstance(engine, BatchingEngine):
                self._engine.refresh(engine)
            if self._jobs is not None:
                with contextlib.suppress(BusyError):  # what was last known stands until the database is back
                    self._jobs.refresh()


class _Signing:
    """Whether the audit log is signed; of several processes, whether all of them could."""

    def __init__(self, checkpointer: Checkpointer, registry: CollectorRegistry) -> None:
        self._checkpointer = checkpointer
        told = "Whether signing went well the last time."
        self._signed = Gauge("explainer_audit_signed", told, registry=registry, multiprocess_mode="livemin")
        self._failures = Taken("audit_sign_failures", "Times it did not.", (), registry)

    def refresh(self) -> None:
        self._signed.set(not self._checkpointer.trouble)
        self._failures.reach([((), self._checkpointer.failures)])


class _Engine:
    """What the inference worker has done, and has to do."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Taken("engine_seconds", "Seconds that batches took.", (), registry)
        self._events = Taken("worker_events", "What the inference worker has done.", ("event",), registry)
        self._waiting = _now("backlog_prompts", "Prompts that wait for the engine.", registry)
        self._limit = _now("backlog_prompts_limit", "Prompts that may wait.", registry)
        self._endpoints = _Endpoints(registry)

    def refresh(self, engine: BatchingEngine) -> None:
        counters, (waiting, limit) = engine.counters, engine.backlog
        self._seconds.reach([((), counters.seconds)])
        self._events.reach(((name,), getattr(counters, name)) for name in _EVENTS)
        self._waiting.set(waiting)
        self._limit.set(limit)
        self._endpoints.refresh(engine.endpoints)


class _Endpoints:
    """The servers behind the engine; labels are their URLs, which hold no passwords."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("endpoint",)
        told = "Whether a server of the engine is asked and answers; of several processes, whether all say so."
        self._up = Gauge("explainer_engine_up", told, labels, registry=registry, multiprocess_mode="livemin")
        self._in_flight = _now("engine_in_flight", "Requests under way to a server.", registry, labels)
        self._limit = _now("engine_in_flight_limit", "How many may be.", registry, labels)
        self._requests = Taken("engine_requests", "Requests for texts to a server.", labels, registry)
        self._failures = Taken("engine_failures", "How many of them brought none.", labels, registry)

    def refresh(self, states: Sequence[EndpointState]) -> None:
        for state in states:
            self._up.labels(state.url).set(state.up)
            self._in_flight.labels(state.url).set(state.in_flight)
            self._limit.labels(state.url).set(state.limit)
        self._requests.reach(((state.url,), state.requests) for state in states)
        self._failures.reach(((state.url,), state.failures) for state in states)


def _now(name: str, told: str, registry: CollectorRegistry, labels: tuple[str, ...] = ()) -> Gauge:
    """Return a gauge of the moment, summed over the processes that are there."""
    return Gauge(f"explainer_{name}", told, labels, registry=registry, multiprocess_mode="livesum")
