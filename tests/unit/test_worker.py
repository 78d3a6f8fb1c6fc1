"""The inference worker with real threads: batches, single flight, deadlines, engines that misbehave, orderly ends."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainer.errors import AbandonedError, EngineUnavailable
from explainer.writing.engines import Draft, Engine, Sampling
from explainer.writing.limits import Limits
from explainer.writing.patience import Call, calling
from explainer.writing.prompts import Prompt
from explainer.writing.worker import BatchingEngine

_S = 20  # far more than anything here takes: it only keeps a broken test from hanging


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
        assert self.gate.wait(_S)
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
            worker.close(_S)
            worker._thread.join(_S)
    assert not worker._thread.is_alive()


def waits(worker, prompts):
    """Wait until that many prompts are in the backlog."""
    with worker._changed:
        assert worker._changed.wait_for(lambda: len(worker._waiting) == prompts, _S)


def unavailable(future, match):
    with pytest.raises(EngineUnavailable, match=match):
        future.result(_S)


def test_it_is_an_engine_with_the_versions_of_the_one_behind_it():
    with working(Held()) as (worker, _):
        assert isinstance(worker, Engine)
        assert (worker.name, worker.model_hash, worker.adapter_hash) == ("held", "m", "a")
        assert worker.write([], Sampling()) == []


@settings(max_examples=60, deadline=None)
@given(
    calls=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), min_size=1, max_size=10),
    batch=st.integers(1, 7),
)
def test_everyone_gets_their_own_drafts_in_order_and_no_prompt_is_written_twice_at_once(calls, batch):
    engine = Held(held=True)
    with working(engine, batch=batch) as (worker, submit):
        first = submit("first")
        assert engine.started.acquire(timeout=_S)
        futures = [submit(*texts) for texts in calls]
        waits(worker, len({text for texts in calls for text in texts}))
        engine.gate.set()
        assert [future.result(_S) for future in futures] == [[str(text) for text in texts] for texts in calls]
        assert first.result(_S) == ["first"]
        counters = worker.counters
    written = [text for texts in engine.batches for text in texts]
    assert sorted(written) == sorted({"first"} | {str(text) for texts in calls for text in texts})
    assert max(map(len, engine.batches)) <= batch
    assert (counters.batches, counters.prompts) == (len(engine.batches), len(written))
    assert counters.deduplicated == sum(map(len, calls)) + 1 - len(written)
    assert counters.mean_batch == len(written) / len(engine.batches)


def test_who_comes_first_is_written_first():
    engine = Held(held=True)
    with working(engine, batch=2) as (worker, submit):
        futures = [submit("0")]
        assert engine.started.acquire(timeout=_S)
        for n in range(1, 6):
            futures.append(submit(str(n)))
            waits(worker, n)
        engine.gate.set()
        for future in futures:
            future.result(_S)
    assert engine.batches == [["0"], ["1", "2"], ["3", "4"], ["5"]]


def test_a_batch_waits_for_company_until_it_is_full():
    engine = Held()
    with working(engine, batch=3, wait_s=_S) as (_, submit):
        for future in [submit("a"), submit("b"), submit("c")]:
            future.result(_S)
    assert [sorted(texts) for texts in engine.batches] == [["a", "b", "c"]]


def test_who_asks_for_what_is_being_written_waits_for_that():
    engine = Held(held=True)
    with working(engine) as (worker, submit):
        first = submit("same")
        assert engine.started.acquire(timeout=_S)
        second = submit("same")
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._counters.deduplicated == 1, _S)
        engine.gate.set()
        assert first.result(_S) == second.result(_S) == ["same"]
    assert engine.batches == [["same"]]


def test_other_samplings_are_other_drafts_and_other_batches():
    engine = Held(held=True)
    with working(engine) as (worker, submit):
        held = submit("first")
        assert engine.started.acquire(timeout=_S)
        futures = [submit("x"), submit("x", sampling=Sampling(attempt=1))]
        waits(worker, 2)
        engine.gate.set()
        assert [future.result(_S) for future in [held, *futures]] == [["first"], ["x"], ["x"]]
    assert engine.batches == [["first"], ["x"], ["x"]]


def test_past_its_deadline_a_call_ends_while_the_engine_goes_on_and_the_draft_waits_for_the_next():
    engine = Held(held=True)
    now = [0.0]
    with working(engine, clock=lambda: now[0]) as (worker, submit):
        unavailable(submit("slow", call=Call(until=0.05)), "deadline")
        engine.gate.set()
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._counters.late == 1, _S)
        assert submit("slow").result(_S) == ["slow"]
        assert worker.counters.timeouts == 1
    assert engine.batches == [["slow"]]


def test_a_call_whose_deadline_has_passed_is_not_queued():
    engine = Held()
    with working(engine, clock=lambda: 7.0) as (worker, submit):
        unavailable(submit("x", call=Call(until=7.0)), "deadline")
        assert worker.counters.timeouts == 1
    assert engine.batches == []


def test_one_callers_deadline_is_nothing_to_another():
    engine = Held(held=True)
    with working(engine, clock=lambda: 0.0) as (_, submit):
        patient = submit("same")
        assert engine.started.acquire(timeout=_S)
        unavailable(submit("same", call=Call(until=0.01)), "deadline")
        engine.gate.set()
        assert patient.result(_S) == ["same"]


def test_nobody_new_waits_behind_a_stuck_engine():
    engine = Held(held=True)
    now = [0.0]
    with working(engine, clock=lambda: now[0], stall_s=5) as (worker, submit):
        stuck = submit("x")
        assert engine.started.acquire(timeout=_S)
        now[0] = 6.0
        unavailable(submit("y"), "stuck for 6 s")
        engine.gate.set()
        assert stuck.result(_S) == ["x"]
        assert submit("y").result(_S) == ["y"]
        assert worker.counters.refused == 1


def test_a_full_backlog_refuses_at_once_and_whole():
    engine = Held(held=True)
    with working(engine, backlog=3) as (worker, submit):
        running = submit("r")
        assert engine.started.acquire(timeout=_S)
        queued = submit("1", "2")
        waits(worker, 2)
        unavailable(submit("3", "4"), "2 prompts are waiting")
        joined = submit("1", "2", "3", "r")  # only "3" is new
        waits(worker, 3)
        engine.gate.set()
        assert running.result(_S) == ["r"]
        assert queued.result(_S) == ["1", "2"]
        assert joined.result(_S) == ["1", "2", "3", "r"]
        assert worker.counters.refused == 1


def test_a_caller_who_goes_away_takes_their_prompts_out_of_the_queue():
    engine = Held(held=True)
    with working(engine) as (worker, submit):
        running = submit("r")
        assert engine.started.acquire(timeout=_S)
        call = Call()
        leaver, stayer = submit("mine", "ours", call=call), submit("ours")
        waits(worker, 2)
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._counters.deduplicated == 1, _S)
        call.abandon()
        call.abandon()
        with pytest.raises(AbandonedError):
            leaver.result(_S)
        waits(worker, 1)
        engine.gate.set()
        assert running.result(_S) == ["r"]
        assert stayer.result(_S) == ["ours"]
        assert worker.counters.abandoned == 1
    assert engine.batches == [["r"], ["ours"]]


def test_who_is_gone_before_asking_is_not_served():
    engine = Held()
    call = Call()
    call.abandon()
    with working(engine) as (_, submit), pytest.raises(AbandonedError):
        submit("x", call=call).result(_S)
    assert engine.batches == []


def test_an_engine_that_can_is_cancelled_when_the_last_caller_leaves_and_not_before():
    engine = Cancellable()
    with working(engine) as (worker, submit):
        calls = [Call(), Call()]
        futures = [submit("x", call=calls[0])]
        assert engine.started.acquire(timeout=_S)
        futures.append(submit("x", call=calls[1]))
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._counters.deduplicated == 1, _S)
        calls[0].abandon()
        with pytest.raises(AbandonedError):
            futures[0].result(_S)
        assert not engine.cancelled.is_set()
        calls[1].abandon()
        with pytest.raises(AbandonedError):
            futures[1].result(_S)
        assert submit("x").result(_S) == ["x"], "whoever asks next does not get the cancelled one"
    assert engine.batches == [["x"], ["x"]]


class Misbehaving(Held):
    def __init__(self, answer):
        super().__init__()
        self._bad = answer

    def answer(self, prompts):
        return self._bad(prompts) if any(p.user.startswith("bad") for p in prompts) else super().answer(prompts)


def raising(error):
    def answer(_):
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (raising(EngineUnavailable("no memory")), "no memory"),
        (raising(ZeroDivisionError("secret detail")), "failed with ZeroDivisionError$"),
        (raising(MemoryError()), "failed with MemoryError"),
        (raising(SystemExit(3)), "failed with SystemExit"),
        (raising(KeyboardInterrupt()), "failed with KeyboardInterrupt"),
        (lambda prompts: [], "another number"),
        (lambda prompts: [Draft("x")] * (len(prompts) + 1), "another number"),
        (lambda prompts: None, "failed with TypeError"),
        (lambda prompts: iter(lambda: Draft("x"), None), "another number"),  # never ends
        (lambda prompts: "bad"[: len(prompts)], "no text"),
        (lambda prompts: [None for _ in prompts], "no text"),
        (lambda prompts: [Draft(7) for _ in prompts], "no text"),
    ],
)
def test_whatever_the_engine_does_its_callers_are_told_and_the_next_are_served(answer, match):
    with working(Misbehaving(answer)) as (worker, submit):
        unavailable(submit("bad"), match)
        assert submit("good").result(_S) == ["good"]
        assert worker.counters.failures == 1


def test_one_draft_that_is_no_text_concerns_only_who_asked_for_it():
    def one_is_none(prompts):
        return [None if p.user.startswith("bad") else Draft(p.user) for p in prompts]

    engine = Misbehaving(one_is_none)
    with working(engine, batch=2, wait_s=_S) as (_, submit):
        bad, good = submit("bad"), submit("good")
        unavailable(bad, "no text")
        assert good.result(_S) == ["good"]
    assert len(engine.batches) == 1


def test_closing_writes_what_waits_and_takes_nothing_new():
    engine = Held(held=True)
    with ThreadPoolExecutor(4) as pool:
        worker = BatchingEngine(engine, Limits(batch=1, wait_s=0))
        futures = [pool.submit(ask, worker, "a")]
        assert engine.started.acquire(timeout=_S)
        futures.append(pool.submit(ask, worker, "b"))
        waits(worker, 1)
        closing = pool.submit(worker.close, _S)
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._closing, _S)
        unavailable(pool.submit(ask, worker, "c"), "stopping")
        engine.gate.set()
        assert [future.result(_S) for future in futures] == [["a"], ["b"]]
        closing.result(_S)
        worker.close()
    assert not worker._thread.is_alive()


def test_closing_without_patience_refuses_what_is_left_and_says_so(caplog):
    engine = Held(held=True)
    with ThreadPoolExecutor(2) as pool:
        worker = BatchingEngine(engine, Limits(batch=1, wait_s=0))
        running = pool.submit(ask, worker, "a")
        assert engine.started.acquire(timeout=_S)
        waiting = pool.submit(ask, worker, "b")
        waits(worker, 1)
        worker.close(drain_s=0)
        unavailable(running, "stopping")
        unavailable(waiting, "stopping")
        assert "does not return" in caplog.text
        engine.gate.set()
        worker._thread.join(_S)
    assert not worker._thread.is_alive()
    assert engine.batches == [["a"]]


def test_closing_does_not_wait_for_what_nobody_waits_for():
    engine = Held(held=True)
    with ThreadPoolExecutor(1) as pool:
        worker = BatchingEngine(engine, Limits(wait_s=0), lambda: 0.0)
        unavailable(pool.submit(ask, worker, "a", call=Call(until=0.05)), "deadline")
        worker.close(drain_s=threading.TIMEOUT_MAX)
        engine.gate.set()
        worker._thread.join(_S)
    assert not worker._thread.is_alive()


def test_closing_cancels_an_engine_that_can():
    engine = Cancellable()
    with ThreadPoolExecutor(1) as pool, BatchingEngine(engine, Limits(wait_s=0)) as worker:
        running = pool.submit(ask, worker, "a")
        assert engine.started.acquire(timeout=_S)
        worker.close(drain_s=0)
        unavailable(running, "stopping")
        assert not worker._thread.is_alive()
