"""A process that serves nobody and does what is left after answers."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Collection, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector

from explainer.assembly import make_afterwork, make_encoder, make_served_explainer
from explainer.connecting import using_database
from explainer.errors import ExplainerError
from explainer.loading import make_heirs
from explainer.server.again_and_again import quietly
from explainer.server.engine_metrics import SuccessionMetrics
from explainer.server.job_metrics import JobMetrics
from explainer.server.listening import listening
from explainer.server.logs import configure_logging
from explainer.server.metrics_port import metrics_read
from explainer.server.telling import told_to_stop
from explainer.server.waking import woken
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.revived import revived
from explainer.service.live import Live
from explainer.service.months import MonthsAhead
from explainer.service.presence import WORKER, Presence
from explainer.service.signing import Signs, signing
from explainer.service.starts import note_start
from explainer.service.subject.erase import Erasing
from explainer.service.subject.reapply import prepare_erasing
from explainer.service.succession import Succession
from explainer.settings import Settings
from retriever.threads import one_thread

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0
_TELL_EVERY = 60


def work(
    settings: Settings, kinds: Collection[str], *, once: bool = False, revive: bool = False, port: int | None = None
) -> None:
    """Do jobs until stopped by SIGTERM or Ctrl-C; what is begun then is ended, or left to others.

    What it writes into the audit log it signs as well, whether a service runs or not.

    Args:
        settings: Of the service that it works for.
        kinds: Which jobs.
        once: Whether to end as soon as nothing is due.
        revive: Whether those that were given up are tried anew.
        port: Where a Prometheus server may read on ``host``; None for nowhere.

    Raises:
        NotReadyError: If the schema is old or nothing was ingested.
        SettingsError: If the port cannot be had.
        ErasureError: If the list of erasures cannot be read, or others use another key with this database.
    """
    configure_logging("json" if settings.log_format == "auto" else settings.log_format)
    with contextlib.nullcontext() if port is None else listening(settings.host, port) as listener:
        with using_database(settings) as database:
            database.require_current()
            prepare_erasing(database, Erasing.of(settings))
        explainer = make_served_explainer(settings)
        afterwork = make_afterwork(settings, explainer.database, kinds)
        live = Live(explainer, make_encoder(settings))
        succession = Succession(live, make_heirs(settings))
        with _closing(succession, afterwork):
            explainer.afterwards = afterwork
            note_start(settings, explainer)
            if revive:
                _LOG.info("Tried anew: %d jobs", revived(explainer.database, afterwork.kinds, explainer.model.version))
            with signing(settings, explainer.database) as checkpointer:
                _work(live, succession, afterwork, Signs.of(checkpointer), listener, once=once)
    _LOG.info("Stopped", extra={"fields": _numbers(afterwork)})


def _work(
    live: Live,
    succession: Succession,
    afterwork: Afterwork,
    signs: Signs,
    listener: socket.socket | None,
    *,
    once: bool,
) -> None:
    registry, stopped = CollectorRegistry(), threading.Event()
    ProcessCollector(registry=registry)
    jobs, adapters = JobMetrics(live.explainer.database, afterwork, registry), SuccessionMetrics(succession, registry)

    def stop() -> None:
        stopped.set()
        afterwork.stop()

    presence = Presence(WORKER, afterwork.queue.name, afterwork.kinds, signs)
    months = MonthsAhead(live.explainer.database)

    def tell() -> None:
        succession.follow()
        presence.say(live.explainer, succession.trouble)
        adapters.refresh()
        jobs.refresh()
        months.look()

    watch = threading.Thread(target=_watch, args=(tell, afterwork, stopped), name="watch", daemon=True)
    with told_to_stop(stop), one_thread(), metrics_read(listener, registry):
        _LOG.info("Doing jobs: %s", ", ".join(afterwork.kinds))
        quietly(tell, logging.WARNING)  # before it takes anything: others leave alone what somebody present can do
        watch.start()
        try:
            if once:
                afterwork.drain(live.current)
            else:
                afterwork.start(live.current)
                with woken(live.explainer.database, afterwork):
                    stopped.wait()
        finally:
            stopped.set()
            watch.join()
            with contextlib.suppress(ExplainerError):
                presence.leave(live.explainer)


def _watch(tell: Callable[[], None], afterwork: Afterwork, stopped: threading.Event) -> None:
    """Say that it is there, to the database, whoever reads metrics and whoever reads the log."""
    seconds = 0
    while not stopped.wait(_LOOK_EVERY_S):
        quietly(tell, logging.WARNING)
        seconds += 1
        if seconds % _TELL_EVERY == 0:
            _LOG.info("Working", extra={"fields": _numbers(afterwork)})


@contextlib.contextmanager
def _closing(succession: Succession, afterwork: Afterwork) -> Iterator[None]:
    try:
        yield
    finally:
        afterwork.close()
        succession.close()


def _numbers(afterwork: Afterwork) -> dict[str, int]:
    queue = afterwork.queue
    return {"done": sum(queue.done.values()), "failed": sum(queue.failed.values())}
