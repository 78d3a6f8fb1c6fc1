"""Explanations written before anybody asks: each once, whatever happens."""

from __future__ import annotations

import os
import random
import signal
from functools import partial

import pytest

from explainer.bench.kills import is_each_once
from explainer.bench.pregenerate import texts
from explainer.service.pregenerate import Order
from explainer.service.pregenerate.local import PREPARED, STORED, WRITTEN, run_local
from explainer.service.pregenerate.workers import WorkerDiedError, WorkerFailedError, Workers
from explainer.storage.explanation_tables import ExplanationRow
from tests.integration.pregenerate.acting import USERS_AT_ONCE, K, Typist, over, stages_of
from tests.integration.pregenerate.checks import USERS, all_of, in_order, pregenerate, require_each_once
from tests.integration.pregenerate.troubled import Fatal, Surprised, Unready

_S = 60


def follow(events, steps=10_000):
    """Read what a run tells, at most so many steps; return whether it got to its end."""
    for _ in range(steps):
        try:
            assert events.poll(_S), "it hangs"
            if events.recv() == "done":
                return True
        except (EOFError, ConnectionResetError):
            break
    return False


def test_killed_ten_times_at_random_moments_it_ends_with_the_same_rows(
    processes, database, new_database, models, model
):
    drawn = random.Random(8)
    for _ in range(10):
        process, events = processes(database, models)
        follow(events, drawn.randint(1, 12))
        os.kill(process.pid, signal.SIGKILL)
        process.join(_S)
        rows = all_of(database, ExplanationRow)
        require_each_once(database, rows)
    process, events = processes(database, models)
    assert follow(events)
    rows = all_of(database, ExplanationRow)
    require_each_once(database, rows)
    undisturbed = over(new_database(), model, Typist())
    assert pregenerate(undisturbed).stored == len(USERS) * K
    assert in_order(rows) == in_order(all_of(undisturbed.database, ExplanationRow))


def test_two_runs_at_once_store_each_explanation_once(processes, database, models):
    runs = [processes(database, models), processes(database, models, USERS[::-1])]
    assert all(follow(events) for _, events in runs)
    rows = all_of(database, ExplanationRow)
    assert len(rows) == len(USERS) * K
    require_each_once(database, rows)


def test_a_process_that_is_killed_is_replaced_and_nothing_is_missing(explainer, database, models):
    order, killed = Order(K), []

    class Murdered(Workers):
        def _give(self, worker, task):
            super()._give(worker, task)
            if task[1][0] == "store" and not killed:
                killed.append(worker.process.pid)
                os.kill(worker.process.pid, signal.SIGKILL)

    with Murdered(2, partial(stages_of, database.url, models)) as workers:
        batches = list(workers.map([("prepare", USERS[:6]), ("prepare", USERS[6:12])]))
        plans = [plan for batch in batches for plan in batch.plans]
        explainer.writer.drafts(plans, order.style)
        stored = list(workers.map([("store", batch) for batch in batches]))
        assert killed
        assert killed[0] not in workers.pids
    assert sum(sum(one.sources.values()) + one.unchanged for one in stored) == 12 * K
    rows = all_of(database, ExplanationRow)
    assert len(rows) == 12 * K
    require_each_once(database, rows)


@pytest.mark.parametrize(("make", "words"), [(Surprised, "prepare: LookupError$"), (Unready, "start: .*explainer fit")])
def test_an_error_in_another_process_comes_back_with_our_words_and_no_others(server, make, words):
    if server is not None:
        pytest.skip("no database is asked")
    with Workers(1, make) as workers, pytest.raises(WorkerFailedError, match=words):
        list(workers.map([("prepare", ["u1"])]))


def test_a_task_that_ends_every_process_ends_the_run_with_advice(server):
    if server is not None:
        pytest.skip("no database is asked")
    with Workers(1, Fatal) as workers, pytest.raises(WorkerDiedError, match="--processes"):
        list(workers.map([("prepare", ["u1"])]))


def test_a_second_run_writes_only_what_is_missing(explainer, database, typist):
    first = pregenerate(explainer, USERS[:10])
    before = {row.id for row in all_of(database, ExplanationRow)}
    asked, typist.asked = typist.asked, []
    second = pregenerate(explainer, USERS)
    assert (first.stored, first.unchanged) == (10 * K, 0)
    assert (second.stored, second.unchanged) == (14 * K, 10 * K)
    assert not set(asked) & set(typist.asked)
    rows = all_of(database, ExplanationRow)
    assert before < {row.id for row in rows}
    require_each_once(database, rows)
    third = pregenerate(explainer, USERS)
    assert (third.stored, third.unchanged, third.pairs) == (0, 24 * K, 24 * K)


@pytest.mark.parametrize("helped", [False, True])
def test_of_every_stage_what_is_done_never_falls_and_ends_at_all_of_it(explainer, database, models, helped):
    said = []
    workers = (2, partial(stages_of, database.url, models)) if helped else None
    counts, _ = run_local(explainer, Order(K), USERS, lambda *step: said.append(step), workers, at_once=USERS_AT_ONCE)
    ends = {}
    for stage in (PREPARED, WRITTEN, STORED):
        steps = [(done, total) for what, done, total in said if what == stage]
        ends[stage] = steps[-1]
        assert len(steps) > 1
        assert all(done <= total for done, total in steps)
        assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert ends == {PREPARED: (len(USERS),) * 2, WRITTEN: (ends[WRITTEN][1],) * 2, STORED: (len(USERS),) * 2}
    assert ends[WRITTEN][0] >= counts.summary(1.0).prompts > 0


def test_every_distinct_prompt_is_written_once_for_all(explainer, typist):
    found = pregenerate(explainer, [f"u{n}" for n in range(60)])
    first_tries = [one for one, times in _counted(typist.asked).items() if times]
    rows = [row for row in all_of(explainer.database, ExplanationRow) if row.prompt_hash]
    prompts = {row.prompt_hash for row in rows}
    assert len(prompts) == found.prompts <= len(first_tries)
    assert found.dedup_ratio == len(rows) / len(prompts) > 1
    assert found.by_model + found.by_template == found.stored == 60 * K
    assert found.by_model > found.by_template > 0
    assert found.cpu_s_per_1000 > 0


def test_the_bench_sees_what_is_there_twice(explainer, database):
    pregenerate(explainer, USERS[:3])
    once = texts(database.url)
    assert (len(once), is_each_once(database.url)) == (3 * K, True)
    explainer.explain_top(USERS[0], 1)
    assert texts(database.url) != once
    assert not is_each_once(database.url)


def _counted(asked):
    return {one: asked.count(one) for one in asked}
