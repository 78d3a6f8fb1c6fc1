"""Engines that tests of the worker hold up, and a worker with callers in threads of their own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from explainer.errors import EngineUnavailable
from explainer.writing.engines import Draft, Sampling
from explainer.writing.limits import Limits
from explainer.writing.patience import Call, calling
from explainer.writing.prompts import Prompt
from explainer.writing.worker import BatchingEngine

LONG = 20  # far more than anything here takes: it only keeps a broken test from hanging


class Held:
    """An engine that echoes prompts; ``gate`` holds it up, ``started`` says that a batch has begun."""

    name, model_hash, adapter_hash = "held", "m", "a"
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self, *, held=False):
        self.gate = threading.Event()
        self.started = threading.Semaphore(0)
        self.batches = []
        if not held:
            self.gate.set()

    def write(self, prompts, sampling):
        self.batches.append([prompt.user for prompt in prompts])
        self.started.release()
        assert self.gate.wait(LONG)
        return self.answer(prompts)

    def answer(self, prompts):
        return [Draft(prompt.user) for prompt in prompts]


class Cancellable(Held):
    def __init__(self):
        super().__init__(held=True)
        self.cancelled = threading.Event()

    def cancel(self):
        self.cancelled.set()
        self.gate.set()

    def answer(self, prompts):
        if self.cancelled.is_set():
            self.cancelled.clear()
            raise EngineUnavailable("cancelled")
        return super().answer(prompts)


def prompt(text):
    return Prompt("system", str(text), "v")


def ask(worker, *texts, call=None, sampling=None):
    with calling(call or Call()):
        return [draft.text for draft in worker.write([prompt(text) for text in texts], sampling or Sampling())]


@contextmanager
def working(engine, **limits):
    clock = limits.pop("clock", None)
    made = Limits(**{"wait_s": 0.0, **limits})
    worker = BatchingEngine(engine, made, clock) if clock else BatchingEngine(engine, made)
    with ThreadPoolExecutor(16) as pool:
        try:
            yield worker, lambda *texts, **options: pool.submit(ask, worker, *texts, **options)
        finally:
            engine.gate.set()
            worker.close(LONG)
            worker._thread.join(LONG)
    assert not worker._thread.is_alive()


def waits(worker, prompts, shared=None):
    """Wait until that many prompts are in the backlog, and that many more were asked for that somebody has asked for.

    Without the second, who only asks for what others do may come when all is written.
    """

    def is_so():
        return len(worker._waiting) == prompts and shared in {None, worker._counters.deduplicated}

    with worker._changed:
        assert worker._changed.wait_for(is_so, LONG)


def unavailable(future, match):
    with pytest.raises(EngineUnavailable, match=match):
        future.result(LONG)
