"""The worker keeps nobody past their deadline, behind what is stuck or full, nor writes for who went away."""

from __future__ import annotations

import pytest

from explainer.errors import AbandonedError
from explainer.writing.patience import Call
from tests.unit.working import LONG, Cancellable, Held, unavailable, waits, working


def test_past_its_deadline_a_call_ends_while_the_engine_goes_on_and_the_draft_waits_for_the_next():
    engine = Held(held=True)
    now = [0.0]
    with working(engine, clock=lambda: now[0]) as (worker, submit):
        unavailable(submit("slow", call=Call(until=0.05)), "deadline")
        engine.gate.set()
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._counters.late == 1, LONG)
        assert submit("slow").result(LONG) == ["slow"]
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
        assert engine.started.acquire(timeout=LONG)
        unavailable(submit("same", call=Call(until=0.01)), "deadline")
        engine.gate.set()
        assert patient.result(LONG) == ["same"]


def test_nobody_new_waits_behind_a_stuck_engine():
    engine = Held(held=True)
    now = [0.0]
    with working(engine, clock=lambda: now[0], stall_s=5) as (worker, submit):
        stuck = submit("x")
        assert engine.started.acquire(timeout=LONG)
        now[0] = 6.0
        unavailable(submit("y"), "stuck for 6 s")
        engine.gate.set()
        assert stuck.result(LONG) == ["x"]
        assert submit("y").result(LONG) == ["y"]
        assert worker.counters.refused == 1


def test_a_full_backlog_refuses_at_once_and_whole():
    engine = Held(held=True)
    with working(engine, backlog=3) as (worker, submit):
        running = submit("r")
        assert engine.started.acquire(timeout=LONG)
        queued = submit("1", "2")
        waits(worker, 2)
        unavailable(submit("3", "4"), "2 prompts are waiting")
        joined = submit("1", "2", "3", "r")  # only "3" is new
        waits(worker, 3)
        engine.gate.set()
        assert running.result(LONG) == ["r"]
        assert queued.result(LONG) == ["1", "2"]
        assert joined.result(LONG) == ["1", "2", "3", "r"]
        assert worker.counters.refused == 1


def test_a_caller_who_goes_away_takes_their_prompts_out_of_the_queue():
    engine = Held(held=True)
    with working(engine) as (worker, submit):
        running = submit("r")
        assert engine.started.acquire(timeout=LONG)
        call = Call()
        leaver, stayer = submit("mine", "ours", call=call), submit("ours")
        waits(worker, 2)
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._counters.deduplicated == 1, LONG)
        call.abandon()
        call.abandon()
        with pytest.raises(AbandonedError):
            leaver.result(LONG)
        waits(worker, 1)
        engine.gate.set()
        assert running.result(LONG) == ["r"]
        assert stayer.result(LONG) == ["ours"]
        assert worker.counters.abandoned == 1
    assert engine.batches == [["r"], ["ours"]]


def test_who_is_gone_before_asking_is_not_served():
    engine = Held()
    call = Call()
    call.abandon()
    with working(engine) as (_, submit), pytest.raises(AbandonedError):
        submit("x", call=call).result(LONG)
    assert engine.batches == []


def test_an_engine_that_can_is_cancelled_when_the_last_caller_leaves_and_not_before():
    engine = Cancellable()
    with working(engine) as (worker, submit):
        calls = [Call(), Call()]
        futures = [submit("x", call=calls[0])]
        assert engine.started.acquire(timeout=LONG)
        futures.append(submit("x", call=calls[1]))
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._counters.deduplicated == 1, LONG)
        calls[0].abandon()
        with pytest.raises(AbandonedError):
            futures[0].result(LONG)
        assert not engine.cancelled.is_set()
        calls[1].abandon()
        with pytest.raises(AbandonedError):
            futures[1].result(LONG)
        assert submit("x").result(LONG) == ["x"], "whoever asks next does not get the cancelled one"
    assert engine.batches == [["x"], ["x"]]
