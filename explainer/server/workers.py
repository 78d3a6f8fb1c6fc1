"""Several processes that answer on one port: one Python process has one core for most of what it does.

The first process accepts connections and hands them to the others in turn; it loads no model. One that dies is replaced
while the rest go on. All that they must agree on is in the database, and their metrics are in files that they share.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

from explainer.errors import NotReadyError
from explainer.scratch import ScratchFolder, sweep
from explainer.server.handing import channel, hand, is_ready
from explainer.settings import Settings

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0
_LEAST_PAUSE_S = 2.0
_GRACE_S = 5.0
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which processes learn where they count together; read when Prometheus' library is imported."""


@dataclass
class _Worker:
    process: BaseProcess
    end: socket.socket
    ready: bool = False


class Workers:
    """Serves with several processes until stopped.

    Args:
        settings: What they serve, and how many they are.
        listener: Where connections come.
    """

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        self._workers: list[_Worker] = []
        self._leaving: list[BaseProcess] = []
        self._serves = False
        self._told = False
        self._started = -_LEAST_PAUSE_S
        self._turn = 0
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl-C; what is under way then is still answered.

        Raises:
            NotReadyError: If one of them cannot start.
        """
        for sent in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sent, _stop)
        with ScratchFolder(self._settings.scratch, "metrics") as folder:
            try:
                # The first makes what is made once (judgements, caches, the merged model); the others find it.
                self._start(folder.path)
                self._listener.settimeout(0)
                while True:
                    self._look(folder.path)
            except SystemExit:
                _LOG.info("Stopping")
                self._drain()
            finally:
                self._end()

    def _start(self, folder: Path) -> None:
        ours, theirs = channel()
        # A fresh interpreter: what was loaded here, threads and connections among it, is not for sharing.
        process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(self._settings, theirs, folder), name=f"worker {len(self._workers) + 1}"
        )
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        self._selector.register(ours, selectors.EVENT_READ, worker)

    def _look(self, folder: Path) -> None:
        self._bid_farewell(folder)
        while self._serves and len(self._workers) < self._settings.worker_count and self._may_start():
            self._start(folder)
        for key, _ in self._selector.select(_LOOK_EVERY_S):
            if key.data is None:
                self._hand_on()
            elif is_ready(key.data.end):
                self._greet(key.data, folder)
            else:
                self._let_go(key.data)

    def _greet(self, worker: _Worker, folder: Path) -> None:
        worker.ready = True
        if self._serves:
            return
        while len(self._workers) < self._settings.worker_count:
            self._start(folder)
        if all(one.ready for one in self._workers):
            self._serves = True
            self._selector.register(self._listener, selectors.EVENT_READ)
            host, port = self._listener.getsockname()[:2]
            _LOG.info("Serving on http://%s:%d with %d processes", host, port, len(self._workers))

    def _let_go(self, worker: _Worker) -> None:
        """Hand no more to one that has ended, or takes no more and ends once it has answered."""
        self._selector.unregister(worker.end)
        self._workers.remove(worker)
        worker.end.close()
        if not self._serves:
            raise NotReadyError("A process of the service could not start; what it said is above.")
        self._leaving.append(worker.process)
        _LOG.error("A process takes no more requests; another takes its place")

    def _bid_farewell(self, folder: Path) -> None:
        for process in [one for one in self._leaving if not one.is_alive()]:
            self._leaving.remove(process)
            _forget_gauges(folder, process.pid)
            _LOG.error("A process has ended (exit code %s)", process.exitcode)
            with contextlib.suppress(OSError):
                sweep(self._settings.scratch)  # records of people that it was packing

    def _may_start(self) -> bool:
        """Return whether it is time: one that ends at once must not be started again and again without a pause."""
        now = time.monotonic()
        if now - self._started < _LEAST_PAUSE_S:
            return False
        self._started = now
        return True

    def _hand_on(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # the client has gone again
            return
        with connection:
            for _ in self._workers:
                self._turn += 1
                worker = self._workers[self._turn % len(self._workers)]
                if worker.ready:
                    try:
                        hand(worker.end, connection)
                    except OSError:
                        continue
                    return
        _LOG.warning("A connection was refused: no process takes any at present")

    def _drain(self) -> None:
        """Have all of them say that they are about to stop, and hand them what still comes for as long as they wait."""
        if not self._settings.drain_s:
            return
        for worker in self._workers:
            worker.process.terminate()
        self._told = True
        until = time.monotonic() + self._settings.drain_s
        while self._serves and (left := until - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                if key.data is None:
                    self._hand_on()
                else:
                    self._selector.unregister(key.data.end)

    def _end(self) -> None:
        self._selector.close()
        processes = [*self._leaving, *(worker.process for worker in self._workers)]
        if not self._told:  # a second word would cut short what the first one has them finish
            for process in processes:
                process.terminate()
        until = time.monotonic() + self._settings.deadline_s + _GRACE_S
        for process in processes:
            process.join(max(0.1, until - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()


def _stop(_: int, __: FrameType | None) -> None:
    sys.exit()


def _forget_gauges(folder: Path, pid: int | None) -> None:
    """Take what a process had under way out of the sums; what it has done stays in them."""
    for file in folder.glob(f"gauge_live*_{pid}.db"):
        file.unlink(missing_ok=True)


def _serve(settings: Settings, end: socket.socket, folder: Path) -> None:
    """Be one of the processes."""
    os.environ[METRICS_FOLDER] = str(folder)
    from explainer.server.run import serve_handed  # noqa: PLC0415  not before the variable is set

    serve_handed(settings, end)
