"""A process that serves nobody and does what is left after answers."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Collection, Iterator
from types import FrameType

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

from explainer.assembly import make_afterwork, make_encoder, make_served_explainer
from explainer.errors import ExplainerError, SettingsError
from explainer.pipeline import Explainer
from explainer.server.job_metrics import JobMetrics
from explainer.server.logs import configure_logging
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.live import Live
from explainer.service.presence import WORKER, Presence
from explainer.service.starts import note_start
from explainer.settings import Settings
from explainer.writing.worker import BatchingEngine
from retriever.threads import one_thread

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0
_TELL_EVERY = 60


def work(settings: Settings, kinds: Collection[str], *, once: bool = False, port: int | None = None) -> None:
    """Do jobs until stopped by SIGTERM or Ctrl-C; what is begun then is ended, or left to others.

    Args:
        settings: Of the service that it works for.
        kinds: Which jobs.
        once: Whether to end as soon as nothing is due.
        port: Where a Prometheus server may read on ``host``; None for nowhere.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
        SettingsError: If the port cannot be had.
    """
    configure_logging("json" if settings.log_format == "auto" else settings.log_format)
    explainer = make_served_explainer(settings)
    explainer.afterwards = afterwork = make_afterwork(settings, explainer.database, kinds)
    note_start(settings, explainer)
    live, stopped = Live(explainer, make_encoder(settings)), threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        stopped.set()
        afterwork.stop()

    for sent in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sent, stop)
    metrics = _Watched(explainer, afterwork, settings.host, port)
    with one_thread(), _closing(explainer, afterwork):
        _LOG.info("Doing jobs: %s", ", ".join(afterwork.kinds))
        if once:
            afterwork.drain(live.current)
        else:
            afterwork.start(live.current)
            _watch(live, metrics, afterwork, stopped)
    _LOG.info("Stopped", extra={"fields": _numbers(afterwork)})


def _watch(live: Live, metrics: _Watched, afterwork: Afterwork, stopped: threading.Event) -> None:
    """Say that it is there, to the database, whoever reads metrics and whoever reads the log."""
    presence, seconds = Presence(WORKER, afterwork.queue.name, afterwork.kinds), 0
    while not stopped.wait(_LOOK_EVERY_S):
        try:
            presence.say(live.explainer)
            metrics.refresh()
        except ExplainerError as error:
            _LOG.warning("The database cannot be used now (%s); this is tried again", type(error).__name__)
        seconds += 1
        if seconds % _TELL_EVERY == 0:
            _LOG.info("Working", extra={"fields": _numbers(afterwork)})
    with contextlib.suppress(ExplainerError):
        presence.leave(live.explainer)


class _Watched:
    """What a Prometheus server reads, if it was given a port."""

    def __init__(self, explainer: Explainer, afterwork: Afterwork, host: str, port: int | None) -> None:
        registry = CollectorRegistry()
        self._metrics = JobMetrics(explainer.database, afterwork, registry)
        if port is None:
            return
        ProcessCollector(registry=registry)
        try:
            start_http_server(port, host, registry)
        except OSError as error:
            raise SettingsError(f"Port {port} of {host} can't be used: {error.strerror}.") from error

    def refresh(self) -> None:
        self._metrics.refresh()


@contextlib.contextmanager
def _closing(explainer: Explainer, afterwork: Afterwork) -> Iterator[None]:
    try:
        yield
    finally:
        afterwork.close()
        if isinstance(explainer.writer.engine, BatchingEngine):
            explainer.writer.engine.close()


def _numbers(afterwork: Afterwork) -> dict[str, int]:
    queue = afterwork.queue
    return {"done": sum(queue.done.values()), "failed": sum(queue.failed.values())}
