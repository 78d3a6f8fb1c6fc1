"""Processes that have the models loaded and do one task at a time; one that dies is replaced, its task done again."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Self

from explainer.errors import BusyError, ExplainerError
from explainer.places import in_our_words, places
from explainer.service.pregenerate.stages import Stages

_log = logging.getLogger(__name__)
_TRIES = 3
_LEAVE_S = 5.0
Task = tuple[str, Any]
"""A method of the stages, and what it is given."""


class WorkerDiedError(ExplainerError):
    """A process ended again and again while it did the same task."""


class WorkerFailedError(ExplainerError):
    """A process could not start, or a task ended with an error that nobody foresaw."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    task: tuple[int, Task] | None = None
    """What it does, and how often that was tried before."""


class Workers:
    """See the module. A worker ends with whoever started it, however that ends.

    Args:
        count: How many.
        make: Returns what does the tasks; called once in each process, so it must be picklable.
    """

    def __init__(self, count: int, make: Callable[[], Stages]) -> None:
        # Not forked: a copy of a process in which other threads hold locks may wait for them for ever.
        self._context = multiprocessing.get_context("spawn")
        self._make = make
        self._workers = [self._started() for _ in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.connection.close()  # it reads the end, and ends
        for worker in self._workers:
            worker.process.join(_LEAVE_S)
            worker.process.kill()

    @property
    def pids(self) -> list[int | None]:
        """Their process ids."""
        return [worker.process.pid for worker in self._workers]

    def map(self, tasks: Iterable[Task]) -> Iterator[Any]:
        """Yield the results of tasks as they come.

        Raises:
            WorkerDiedError: If a process ended three times over the same task.
            WorkerFailedError: If a process could not start, or a task failed.
            BusyError: If the database cannot be used now.
        """
        waiting = deque((0, task) for task in tasks)
        left = len(waiting)
        while left:
            for worker in self._workers:
                if worker.task is None and waiting:
                    self._give(worker, waiting.popleft())
            for result in self._results(waiting):
                left -= 1
                yield result

    def _results(self, waiting: deque[tuple[int, Task]]) -> Iterator[Any]:
        busy = [(worker, worker.task) for worker in self._workers if worker.task is not None]
        ready = wait([worker.connection for worker, _ in busy])
        for worker, task in busy:
            if worker.connection not in ready:
                continue
            try:
                result = worker.connection.recv()
            except (EOFError, OSError):
                waiting.appendleft(self._replaced(worker, *task))
                continue
            worker.task = None
            if isinstance(result, BaseException):
                raise result
            yield result

    def _give(self, worker: _Worker, task: tuple[int, Task]) -> None:
        worker.task = task
        with contextlib.suppress(OSError):  # it has died; reading from it will say so
            worker.connection.send(task[1])

    def _replaced(self, worker: _Worker, tried: int, task: Task) -> tuple[int, Task]:
        """Start another process in place of one that died; return its task, to be done again."""
        worker.process.join()
        _log.warning("A process ended with %s; its task is done again", worker.process.exitcode)
        if tried + 1 == _TRIES:
            raise WorkerDiedError(
                f"A process ended {_TRIES} times over the same task, the last time with {worker.process.exitcode}. Is "
                "there memory enough for that many --processes? What was stored is kept; run it again to go on."
            )
        self._workers[self._workers.index(worker)] = self._started()
        worker.connection.close()
        return tried + 1, task

    def _started(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._make), name="pregenerate", daemon=True)
        process.start()
        theirs.close()  # else its end would not be noticed here
        return _Worker(process, ours)


def _serve(connection: Connection, make: Callable[[], Stages]) -> None:
    """Do tasks until nobody gives any."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from the keyboard it comes to all; whoever gave the tasks ends us
    try:
        stages = _result("start", make)
        if isinstance(stages, BaseException):
            connection.send(stages)  # read in place of the first task's result
            return
        while True:
            name, given = connection.recv()
            connection.send(_result(name, partial(getattr(stages, name), given)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # whoever gave the tasks has gone


def _result(name: str, do: Callable[[], Any]) -> Any:  # noqa: ANN401  whatever the stages take and return
    """Return what is done, or the error that it ends with, as one that can be sent."""
    try:
        return do()
    except BusyError as error:
        return error
    except Exception as error:  # noqa: BLE001  whatever it is, whoever waits for the result must hear of it
        _log.error("A process failed to %s: %s", name, " < ".join(places(error)))
        return WorkerFailedError(f"A process failed to {name}: {in_our_words(error)}")
