"""The worker writes in batches, in order, and what several ask for once; everyone gets their own drafts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from explainer.writing.engines import Engine, Sampling
from tests.unit.working import LONG, Held, waits, working


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
        assert engine.started.acquire(timeout=LONG)
        futures = [submit(*texts) for texts in calls]
        distinct = len({text for texts in calls for text in texts})
        waits(worker, distinct, sum(map(len, calls)) - distinct)
        engine.gate.set()
        assert [future.result(LONG) for future in futures] == [[str(text) for text in texts] for texts in calls]
        assert first.result(LONG) == ["first"]
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
        assert engine.started.acquire(timeout=LONG)
        for n in range(1, 6):
            futures.append(submit(str(n)))
            waits(worker, n)
        engine.gate.set()
        for future in futures:
            future.result(LONG)
    assert engine.batches == [["0"], ["1", "2"], ["3", "4"], ["5"]]


def test_a_batch_waits_for_company_until_it_is_full():
    engine = Held()
    with working(engine, batch=3, wait_s=LONG) as (_, submit):
        for future in [submit("a"), submit("b"), submit("c")]:
            future.result(LONG)
    assert [sorted(texts) for texts in engine.batches] == [["a", "b", "c"]]


def test_who_asks_for_what_is_being_written_waits_for_that():
    engine = Held(held=True)
    with working(engine) as (worker, submit):
        first = submit("same")
        assert engine.started.acquire(timeout=LONG)
        second = submit("same")
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._counters.deduplicated == 1, LONG)
        engine.gate.set()
        assert first.result(LONG) == second.result(LONG) == ["same"]
    assert engine.batches == [["same"]]


def test_other_samplings_are_other_drafts_and_other_batches():
    engine = Held(held=True)
    with working(engine) as (worker, submit):
        held = submit("first")
        assert engine.started.acquire(timeout=LONG)
        futures = [submit("x"), submit("x", sampling=Sampling(attempt=1))]
        waits(worker, 2)
        engine.gate.set()
        assert [future.result(LONG) for future in [held, *futures]] == [["first"], ["x"], ["x"]]
    assert engine.batches == [["first"], ["x"], ["x"]]
