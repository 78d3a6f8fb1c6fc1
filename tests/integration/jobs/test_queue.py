"""What is left after an answer is done once, by whoever comes to it, whoever dies on the way; on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from explainer.audit.check import check_log
from explainer.errors import BusyError
from explainer.service.audited import KEPT
from explainer.storage.base import now
from explainer.storage.explanation_tables import CounterfactualRow
from explainer.storage.job_counts import deaths, depths
from explainer.storage.job_tables import JobRow
from explainer.storage.jobs import COUNTERFACTUAL, DEAD, TAKEN, UPGRADE, WAITING, claim
from explainer.storage.reading_tables import RevisionRow, UpgradeRow
from tests.integration.jobs.acting import VERSION, Engine, asked, drained, numbered, queue_of, rows, service


def test_an_answer_leaves_its_jobs_in_its_own_transaction(database, model):
    explainer = service(database, model)

    def refuse(session, made):
        raise BusyError("no")

    from explainer.manner import Manner

    with pytest.raises(BusyError):
        explainer.explain_top("u1", 2, manner=Manner(ask=False, along=refuse))
    assert rows(database) == {}
    ids = numbered(explainer, 2)
    assert set(rows(database)) == {(kind, one) for kind in (UPGRADE, COUNTERFACTUAL) for one in ids}


def test_many_takers_at_once_have_every_job_once(database):
    explainer_ids = [f"e{n}" for n in range(120)]
    asked(database, explainer_ids)
    queues = [queue_of(database) for _ in range(6)]

    def take(queue):
        found = []
        while taken := queue.claim(UPGRADE, VERSION, 7):
            found += [job.explanation_id for job in taken]
        return found

    with ThreadPoolExecutor(6) as pool:
        taken = [one for found in pool.map(take, queues) for one in found]
    assert sorted(taken) == sorted(explainer_ids)


def test_what_somebody_is_about_to_take_is_passed_over_and_not_waited_for(database):
    if database.engine.dialect.name != "postgresql":
        pytest.skip("on SQLite one writes at a time")
    asked(database, ["e1", "e2", "e3"])
    with database.session() as slow, database.session() as quick:
        (held,) = claim(slow, UPGRADE, VERSION, "slow", 1, timedelta(minutes=1))  # and does not commit yet
        quick.execute(text("SET LOCAL lock_timeout = '100ms'"))
        taken = claim(quick, UPGRADE, VERSION, "quick", 9, timedelta(minutes=1))
        assert {held.explanation_id} | {one.explanation_id for one in taken} == {"e1", "e2", "e3"}
        assert len(taken) == 2
    assert sorted(row.taken_by for row in rows(database).values()) == ["quick", "quick", "slow"]


def test_whoever_died_is_replaced_and_comes_too_late_when_it_did_not(database, model):
    (one,) = numbered(service(database, model), 1)
    slow, quick = queue_of(database, lease_s=1e-6), queue_of(database)
    (lost,) = slow.claim(UPGRADE, model.version, 9)
    (found,) = quick.claim(UPGRADE, model.version, 9)
    assert (lost.attempts, found.attempts) == (1, 2)
    assert not slow.end(lost, lambda session: pytest.fail("its effect is stored"))
    slow.fail(lost, "late")
    assert rows(database)[UPGRADE, one].taken_by == quick.name, "who comes late changes nothing"
    assert quick.end(found)
    assert (UPGRADE, one) not in rows(database)


def test_a_lease_that_is_renewed_does_not_end(database):
    asked(database, ["e1"])
    mine, other = queue_of(database, lease_s=60.0), queue_of(database)
    taken = mine.claim(UPGRADE, VERSION, 9)
    with database.session() as session:
        session.execute(update(JobRow).values(due_at=now()))
    mine.renew(taken)
    assert other.claim(UPGRADE, VERSION, 9) == []


def test_an_effect_that_fails_leaves_the_job(database, model):
    (one,) = numbered(service(database, model), 1)
    queue = queue_of(database)
    (job,) = queue.claim(UPGRADE, model.version, 9)

    def effect(session):
        session.get_one(UpgradeRow, one).reason = "half done"
        session.flush()
        raise BusyError("the database went away")

    with pytest.raises(BusyError):
        queue.end(job, effect)
    assert rows(database)[UPGRADE, one].state == TAKEN
    with database.session() as session:
        assert session.get_one(UpgradeRow, one).reason == ""


def test_what_fails_is_tried_again_later_and_given_up_at_last_with_its_reason(database, model):
    (one,) = numbered(service(database, model), 1)
    patient = queue_of(database, tries=2, pause_s=3_600.0)
    (job,) = patient.claim(UPGRADE, model.version, 9)
    patient.fail(job, "down")
    row = rows(database)[UPGRADE, one]
    assert (row.state, row.error, row.attempts) == (WAITING, "down", 1)
    assert row.due_at > now() + timedelta(minutes=4)
    assert patient.claim(UPGRADE, model.version, 9) == []
    with database.session() as session:
        session.execute(update(JobRow).values(due_at=now()))
    (again,) = patient.claim(UPGRADE, model.version, 9)
    patient.fail(again, "still down")
    assert rows(database)[UPGRADE, one].state == DEAD
    assert patient.claim(UPGRADE, model.version, 9) == []
    with database.look() as connection:
        assert [(d.kind, d.why, d.number) for d in deaths(connection, 5)] == [(UPGRADE, "still down", 1)]
        assert {(d.kind, d.state): d.number for d in depths(connection)} == {
            (UPGRADE, DEAD): 1,
            (COUNTERFACTUAL, WAITING): 1,
        }


def test_an_engine_that_is_away_for_a_while_writes_later(database, model):
    (one,) = numbered(service(database, model), 1)
    worker = drained(database, model, Engine(fails=2))
    assert rows(database) == {}
    assert worker.afterwards.queue.failed[UPGRADE] == 2
    with database.session() as session:
        assert session.get_one(UpgradeRow, one).state == "done"
        assert session.scalars(select(RevisionRow.explanation_id)).all() == [one]


def test_an_engine_that_stays_away_is_not_awaited_for_ever(database, model):
    (one,) = numbered(service(database, model), 1)
    drained(database, model, Engine(fails=99), tries=2)
    assert rows(database)[UPGRADE, one].state == DEAD
    with database.session() as session:
        assert (session.get_one(UpgradeRow, one).state, session.get_one(UpgradeRow, one).reason) == (
            "kept",
            "engine_unavailable: down",
        )


def test_a_job_that_kills_whoever_tries_it_is_given_up(database, model):
    (one,) = numbered(service(database, model), 1)
    for _ in range(3):
        queue_of(database, lease_s=1e-6).claim(UPGRADE, model.version, 9)  # and is heard of no more
    engine = Engine()
    drained(database, model, engine, tries=3)
    assert rows(database)[UPGRADE, one].state == DEAD
    assert engine.asked == 0
    with database.session() as session:
        assert session.get_one(UpgradeRow, one).reason == "whoever tried it ended without a word"


def test_what_was_not_begun_is_given_back_as_it_was(database):
    asked(database, ["e1"])
    queue = queue_of(database)
    queue.put_back(queue.claim(UPGRADE, VERSION, 9))
    row = rows(database)[UPGRADE, "e1"]
    assert (row.state, row.attempts, row.taken_by, row.error) == (WAITING, 0, "", "")


def test_two_workers_at_once_do_all_once(database, model):
    ids = numbered(service(database, model), 24)
    workers = [threading.Thread(target=drained, args=(database, model)) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert rows(database) == {}
    with database.session() as session:
        revised = session.scalars(select(RevisionRow.explanation_id)).all()
        awaited = session.scalars(select(UpgradeRow)).all()
        found = session.scalars(select(CounterfactualRow.explanation_id)).all()
        assert check_log(session, KEPT).sound
    assert {row.explanation_id for row in awaited} == set(ids)
    assert sorted(revised) == sorted(row.explanation_id for row in awaited if row.state == "done")
    assert len(revised) == len(ids)
    assert sorted(found) == sorted(ids)
