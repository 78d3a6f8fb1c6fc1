"""A worker that is closed writes what waits, for as long as it may, takes nothing new, and ends."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from explainer.writing.limits import Limits
from explainer.writing.patience import Call
from explainer.writing.worker import BatchingEngine
from tests.unit.working import LONG, Cancellable, Held, ask, unavailable, waits


def test_closing_writes_what_waits_and_takes_nothing_new():
    engine = Held(held=True)
    with ThreadPoolExecutor(4) as pool:
        worker = BatchingEngine(engine, Limits(batch=1, wait_s=0))
        futures = [pool.submit(ask, worker, "a")]
        assert engine.started.acquire(timeout=LONG)
        futures.append(pool.submit(ask, worker, "b"))
        waits(worker, 1)
        closing = pool.submit(worker.close, LONG)
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._closing, LONG)
        unavailable(pool.submit(ask, worker, "c"), "stopping")
        engine.gate.set()
        assert [future.result(LONG) for future in futures] == [["a"], ["b"]]
        closing.result(LONG)
        worker.close()
    assert not worker._thread.is_alive()


def test_closing_without_patience_refuses_what_is_left_and_says_so(caplog):
    engine = Held(held=True)
    with ThreadPoolExecutor(2) as pool:
        worker = BatchingEngine(engine, Limits(batch=1, wait_s=0))
        running = pool.submit(ask, worker, "a")
        assert engine.started.acquire(timeout=LONG)
        waiting = pool.submit(ask, worker, "b")
        waits(worker, 1)
        worker.close(drain_s=0)
        unavailable(running, "stopping")
        unavailable(waiting, "stopping")
        assert "does not return" in caplog.text
        engine.gate.set()
        worker._thread.join(LONG)
    assert not worker._thread.is_alive()
    assert engine.batches == [["a"]]


def test_closing_does_not_wait_for_what_nobody_waits_for():
    engine = Held(held=True)
    with ThreadPoolExecutor(1) as pool:
        worker = BatchingEngine(engine, Limits(wait_s=0), lambda: 0.0)
        unavailable(pool.submit(ask, worker, "a", call=Call(until=0.05)), "deadline")
        worker.close(drain_s=threading.TIMEOUT_MAX)
        engine.gate.set()
        worker._thread.join(LONG)
    assert not worker._thread.is_alive()


def test_closing_cancels_an_engine_that_can():
    engine = Cancellable()
    with ThreadPoolExecutor(1) as pool, BatchingEngine(engine, Limits(wait_s=0)) as worker:
        running = pool.submit(ask, worker, "a")
        assert engine.started.acquire(timeout=LONG)
        worker.close(drain_s=0)
        unavailable(running, "stopping")
        assert not worker._thread.is_alive()
