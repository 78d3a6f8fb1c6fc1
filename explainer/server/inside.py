"""What the parts of a service have counted by themselves, taken over into Prometheus' metrics."""

from __future__ import annotations

import contextlib
import threading

from prometheus_client import CollectorRegistry, Gauge

from explainer.access.rates import Limiter
from explainer.audit.checkpointer import Checkpointer
from explainer.errors import BusyError
from explainer.server.admission import Admission
from explainer.server.engine_metrics import EngineMetrics, SuccessionMetrics, gauge
from explainer.server.job_metrics import JobMetrics
from explainer.server.taken import Taken
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.live import Live
from explainer.service.succession import Succession
from explainer.writing.worker import BatchingEngine


class Inside:
    """See the module; safe to use from several threads.

    Args:
        live: The pipeline, with its tallies and its engine.
        succession: Takes up adapters.
        admission: The queue.
        limiter: Counts requests above a limit.
        checkpointer: Signs the audit log.
        registry: Where the metrics go.
    """

    def __init__(
        self,
        live: Live,
        succession: Succession,
        admission: Admission,
        limiter: Limiter,
        checkpointer: Checkpointer | None,
        registry: CollectorRegistry,
    ) -> None:
        self._live, self._admission, self._limiter = live, admission, limiter
        self._lock = threading.Lock()
        self._texts = Taken(
            "explanations", "Explanations stored, by who wrote the text.", ("source", "locale"), registry
        )
        self._failures = Taken("gate_failures", "What the gate held against drafts.", ("rule",), registry)
        self._private = Taken("private", "Explanations that kept something private out.", ("category",), registry)
        self._cache = Taken("draft_cache", "Texts whose draft was looked for in the cache.", ("result",), registry)
        self._limited = Taken("rate_limited_requests", "Requests above a limit, by role.", ("role",), registry)
        self._places = gauge("queue_places", "Requests that may be inside.", registry)
        self._taken = gauge("queue_places_taken", "Requests that are inside.", registry)
        self._signing = None if checkpointer is None else _Signing(checkpointer, registry)
        afterwork, database = live.explainer.afterwards, live.explainer.database
        self._jobs = JobMetrics(database, afterwork, registry) if isinstance(afterwork, Afterwork) else None
        self._registry = registry
        self._engine: EngineMetrics | None = None
        self._succession = SuccessionMetrics(succession, registry)

    def refresh(self) -> None:
        """Take over what was counted since the last time."""
        with self._lock:
            counts = self._live.explainer.tallies.counts
            self._texts.reach(counts.texts.items())
            self._failures.reach(((rule,), number) for rule, number in counts.failures.items())
            self._private.reach(((category,), number) for category, number in counts.private.items())
            self._cache.reach([(("hit",), counts.remembered), (("miss",), counts.asked)])
            self._limited.reach(((role,), number) for role, number in self._limiter.refused.items())
            self._places.set(self._admission.places)
            self._taken.set(self._admission.taken)
            if self._signing is not None:
                self._signing.refresh()
            self._refresh_engine()
            self._succession.refresh()
            if self._jobs is not None:
                with contextlib.suppress(BusyError):  # what was last known stands until the database is back
                    self._jobs.refresh()

    def _refresh_engine(self) -> None:
        engine = self._live.explainer.writer.engine
        if isinstance(engine, BatchingEngine):
            # Where templates write there are no such numbers.
            self._engine = self._engine or EngineMetrics(self._registry)
            self._engine.refresh(engine)


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
