"""The threads that handlers run in: few for what reads, one for what computes, more for what waits for the model.

Few, because threads that all have something to do only take the interpreter's lock from each other, and the slowest of
many then waits twice as long. Who is explained to has one alone, in the order of their coming: computing is done one at
a time anyway, and whoever waits for a lock may be overtaken again and again. More for those who wait, because they
would hold all of the few: while a model is stalled nobody could even read. And two for what reads everything (checks of
the log, reports, packages, erasures), for the same reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from enum import StrEnum
from typing import Any, ParamSpec, TypeVar

from explainer.underway import Underway

_READING = 2
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Waits(StrEnum):
    """Whether a handler waits for the language model."""

    NEVER = "never"
    IF_PREFERRED = "if preferred"
    ALWAYS = "always"
    NEVER_BUT_LONG = "never, but takes long"


class Place(StrEnum):
    """Where a request is handled."""

    READING = "reading"
    LONG = "long"
    COMPUTING = "computing"
    WAITING = "waiting"


_PLACE: ContextVar[Place] = ContextVar("place", default=Place.READING)


def note_waiting(opt: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    """Note, for the threads of the request under way, whether it may wait.

    Args:
        opt: Of the request's handler; ``waits`` says when it does.
        headers: The request's; ``Prefer`` asks a handler that can to wait.
    """
    waits = opt.get("waits", Waits.NEVER)
    if waits is Waits.NEVER:
        _PLACE.set(Place.READING)
    elif waits is Waits.NEVER_BUT_LONG:
        _PLACE.set(Place.LONG)
    else:
        _PLACE.set(Place.WAITING if waits is Waits.ALWAYS or "prefer" in headers else Place.COMPUTING)


class RequestThreads(ThreadPoolExecutor):
    """Several pools that look like one: a request's work goes to the pool of its place.

    Args:
        patient: Requests that may wait at once.
        underway: Is told of every one from the moment it comes until it is done.
    """

    def __init__(self, patient: int, underway: Underway) -> None:
        super().__init__(_READING, Place.READING)
        self._pools = {
            Place.LONG: ThreadPoolExecutor(2, Place.LONG),
            Place.COMPUTING: ThreadPoolExecutor(1, Place.COMPUTING),
            Place.WAITING: ThreadPoolExecutor(patient, Place.WAITING),
        }
        self._underway = underway

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run a function in the pool where the request under way belongs."""
        pool = self._pools.get(_PLACE.get())
        submit = super().submit if pool is None else pool.submit
        self._underway.begin()
        try:
            future = submit(fn, *args, **kwargs)
        except RuntimeError:  # it is shutting down
            self._underway.end()
            raise
        future.add_done_callback(lambda _: self._underway.end())
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  the base's
        """End all of them."""
        for pool in self._pools.values():
            pool.shutdown(wait, cancel_futures=cancel_futures)
        super().shutdown(wait, cancel_futures=cancel_futures)


async def use_threads(queue: int, underway: Underway) -> None:
    """Give the running loop its threads, which end with it.

    Args:
        queue: Requests that may wait for the language model. A few more get a thread, to be told that it is full.
        underway: Is told who waits for an answer.
    """
    asyncio.get_running_loop().set_default_executor(RequestThreads(queue + _READING, underway))
