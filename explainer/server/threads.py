"""The threads that handlers run in: few for what only computes and reads, more for what waits for the language model.

Few, because threads that all have something to do only take the interpreter's lock from each other: with 24 of them,
fifty readers wait twice as long as with four, and the slowest of ten who are explained to half as long again. More for
those who wait, because they would hold all of the few: while a model is stalled nobody could even read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from enum import StrEnum
from typing import Any, ParamSpec, TypeVar

from explainer.underway import Underway

_QUICK = 4
_P = ParamSpec("_P")
_T = TypeVar("_T")
_WAITS: ContextVar[bool] = ContextVar("waits", default=False)


class Waits(StrEnum):
    """Whether a handler waits for the language model."""

    NEVER = "never"
    IF_PREFERRED = "if preferred"
    ALWAYS = "always"


def note_waiting(opt: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    """Note, for the threads of the request under way, whether it may wait.

    Args:
        opt: Of the request's handler; ``waits`` says when it does.
        headers: The request's; ``Prefer`` asks a handler that can to wait.
    """
    waits = opt.get("waits", Waits.NEVER)
    _WAITS.set(waits is Waits.ALWAYS or (waits is Waits.IF_PREFERRED and "prefer" in headers))


class RequestThreads(ThreadPoolExecutor):
    """Two pools that look like one: what may wait for the model goes to a pool of its own.

    Args:
        patient: Requests that may wait at once.
        underway: Is told of every one from the moment it comes until it is done.
    """

    def __init__(self, patient: int, underway: Underway) -> None:
        super().__init__(_QUICK, "request")
        self._patient = ThreadPoolExecutor(patient, "waiting")
        self._underway = underway

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run a function in the pool where the request under way belongs."""
        submit = self._patient.submit if _WAITS.get() else super().submit
        self._underway.begin()
        try:
            future = submit(fn, *args, **kwargs)
        except RuntimeError:  # it is shutting down
            self._underway.end()
            raise
        future.add_done_callback(lambda _: self._underway.end())
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  the base's
        """End both."""
        self._patient.shutdown(wait, cancel_futures=cancel_futures)
        super().shutdown(wait, cancel_futures=cancel_futures)


async def use_threads(queue: int, underway: Underway) -> None:
    """Give the running loop its threads, which end with it.

    Args:
        queue: Requests that may wait for the language model. A few more get a thread, to be told that it is full.
        underway: Is told who waits for an answer.
    """
    asyncio.get_running_loop().set_default_executor(RequestThreads(queue + _QUICK, underway))
