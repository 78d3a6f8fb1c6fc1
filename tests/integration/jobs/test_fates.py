"""Jobs that nobody can do, that harm others, that are given up, erased or outlived; on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import event, make_url, select, text, update

from explainer.server.job_metrics import JobMetrics
from explainer.service.counterfactuals import find
from explainer.service.jobs import counterfactuals
from explainer.service.jobs.revived import revived
from explainer.service.presence import WORKER, Presence
from explainer.service.retention import apply
from explainer.service.subject.erase import Erasing, erase
from explainer.storage.base import Base, now
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.explanation_tables import CounterfactualRow, DraftRow, ExplanationRow
from explainer.storage.explanations import get_explanation
from explainer.storage.job_tables import JobRow
from explainer.storage.jobs import COUNTERFACTUAL, DEAD, UPGRADE, WAITING
from explainer.storage.reading_tables import RevisionRow, UpgradeRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.texts import Outcome
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.fit import fit
from tests.conftest import HashEncoder
from tests.databases import number_of
from tests.integration.jobs.acting import Engine, drained, numbered, queue_of, rows, service


def test_a_better_text_is_of_whoever_wrote_it(database, model):
    (one,) = numbered(service(database, model), 1)
    other = Engine()
    other.adapter_hash = "newer"
    worker = drained(database, model, other)
    with database.session() as session:
        (revision,) = session.scalars(select(RevisionRow)).all()
        assert revision.writer_version == worker.writer_version != get_explanation(session, one).writer_version


def test_another_recommender_leaves_jobs_alone_until_nobody_can_do_them(database, model, plain):
    from retriever.recommenders.ease import EaseConfig

    (one,) = numbered(service(database, model), 1)
    other = fit(plain, HashEncoder(), EaseConfig(regularization=50.0))
    drained(database, other)
    assert {row.state for row in rows(database).values()} == {WAITING}
    with database.session() as session:
        session.execute(update(JobRow).values(created_at=now() - timedelta(hours=2)))
    worker = service(database, other, kinds=(UPGRADE, COUNTERFACTUAL))
    worker.afterwards._clear_away(worker)
    assert rows(database) == {}
    with database.session() as session:
        assert session.get_one(UpgradeRow, one).state == "kept"


def other_worker(database, plain):
    """Return a process that came with another recommender, long after all that is left was asked for."""
    from retriever.recommenders.ease import EaseConfig

    with database.session() as session:
        session.execute(update(JobRow).values(created_at=now() - timedelta(hours=2)))
    return service(
        database, fit(plain, HashEncoder(), EaseConfig(regularization=50.0)), kinds=(UPGRADE, COUNTERFACTUAL)
    )


def test_what_somebody_took_and_left_is_given_up_when_nobody_can_do_it_any_more(database, model, plain):
    (one,) = numbered(service(database, model), 1)
    queue_of(database, lease_s=1e-6).claim(UPGRADE, model.version, 9)  # and is heard of no more
    worker = other_worker(database, plain)
    worker.afterwards._clear_away(worker)
    assert rows(database) == {}
    with database.session() as session:
        assert session.get_one(UpgradeRow, one).state == "kept"


def test_the_backlog_of_workers_that_are_still_there_is_left_to_them(database, model, plain):
    numbered(service(database, model), 1)
    Presence(WORKER).say(service(database, model))
    worker = other_worker(database, plain)
    worker.afterwards._clear_away(worker)
    assert {row.state for row in rows(database).values()} == {WAITING}
    assert len(rows(database)) == 2


def test_only_what_is_being_done_is_kept_from_others(database, model):
    lost, held = numbered(service(database, model), 2)
    other, found = queue_of(database), []
    made = service(database, model, kinds=(UPGRADE,))
    with database.session() as session:
        session.execute(update(JobRow).where(JobRow.explanation_id == held).values(due_at=now() + timedelta(hours=1)))
    made.afterwards.queue.claim(UPGRADE, model.version, 9)
    with database.session() as session:
        session.execute(update(JobRow).where(JobRow.explanation_id == held).values(due_at=now()))
        session.execute(update(JobRow).where(JobRow.explanation_id == lost).values(due_at=now() + timedelta(hours=1)))

    class Slow(Engine):
        def write(self, prompts, sampling):
            with database.session() as session:
                session.execute(update(JobRow).values(due_at=now()))
            made.afterwards._renew()
            found.extend(other.claim(UPGRADE, model.version, 9))
            return super().write(prompts, sampling)

    made.writer = Writer(PromptLibrary(), load_vocabulary, Slow())
    made.afterwards.drain(lambda: made)
    made.afterwards.close()
    assert [job.explanation_id for job in found] == [lost]


class PoisonedWriter(Writer):
    """Cannot write for one user."""

    def write(self, requests, style, library=None):
        if any(request.user == "u2" for request in requests):
            raise ZeroDivisionError
        return super().write(requests, style, library)


def test_a_job_that_cannot_be_done_takes_no_others_along(database, model, monkeypatch):
    from explainer.manner import Manner

    asked_by = service(database, model)
    ids = [asked_by.explain_top(user, 1, manner=Manner(ask=False))[0].id for user in ("u1", "u2", "u3")]

    def found_now(explainer, row):
        if row.id == ids[1]:
            raise ZeroDivisionError
        return find_it(explainer, row)

    find_it = counterfactuals.found_now
    monkeypatch.setattr(counterfactuals, "found_now", found_now)
    made = service(database, model, kinds=(UPGRADE, COUNTERFACTUAL), tries=1)
    made.writer = PoisonedWriter(PromptLibrary(), load_vocabulary, Engine())
    made.afterwards.drain(lambda: made)
    made.afterwards.close()
    assert {key: (row.state, row.error) for key, row in rows(database).items()} == {
        (kind, ids[1]): (DEAD, "ZeroDivisionError") for kind in (UPGRADE, COUNTERFACTUAL)
    }
    assert made.afterwards.queue.failed == {UPGRADE: 1, COUNTERFACTUAL: 1}


def test_who_asks_for_a_counterfactual_and_who_just_found_it_do_not_wait_for_each_other(database, model):
    (one,) = numbered(service(database, model), 1)
    explainer, queue, began = service(database, model), queue_of(database), threading.Event()
    (job,) = queue.claim(COUNTERFACTUAL, model.version, 9)
    with database.session() as session:
        row = get_explanation(session, one)
    answers = []
    asks = threading.Thread(target=lambda: answers.append(find(explainer, row)))

    def at_the_job(_, __, statement, *___):
        if threading.current_thread() is asks and statement.startswith(("DELETE FROM jobs", "UPDATE audit_entries")):
            began.set()

    event.listen(database.engine, "before_cursor_execute", at_the_job)

    def effect(session):
        asks.start()
        assert began.wait(30)
        mine = get_explanation(session, one)
        counterfactuals.keep(session, mine, counterfactuals.found_now(explainer, mine))

    assert queue.end(job, effect)
    asks.join()
    assert answers[0] is not None
    assert (COUNTERFACTUAL, one) not in rows(database)
    assert number_of(database, CounterfactualRow) == 1


def test_what_was_given_up_is_forgotten_after_a_week(database, model):
    numbered(service(database, model), 1)
    made = drained(database, model, Engine(fails=99), tries=1)
    made.afterwards._clear_away(made)
    assert [row.state for row in rows(database).values()] == [DEAD]
    with database.session() as session:
        session.execute(update(JobRow).values(due_at=now() - timedelta(days=8)))
    made.afterwards._clear_away(made)
    assert rows(database) == {}


def test_what_was_given_up_is_tried_anew_when_somebody_says_so_and_awaited_again(database, model):
    (one,) = numbered(service(database, model), 1)
    drained(database, model, Engine(fails=99), tries=1)
    assert revived(database, (UPGRADE,), "another") == 0
    assert revived(database, (UPGRADE,), model.version) == 1
    with database.session() as session:
        assert session.get_one(UpgradeRow, one).state == "waiting"
    drained(database, model, tries=1)
    assert rows(database) == {}
    with database.session() as session:
        assert session.get_one(UpgradeRow, one).state == "done"


def test_the_queue_is_not_counted_every_second(database, model):
    metrics, told = JobMetrics(database, service(database, model).afterwards, CollectorRegistry()), []
    metrics.refresh()
    event.listen(database._reader, "before_cursor_execute", lambda *words: told.append(words[2]))
    metrics.refresh()
    assert told == []


def test_all_write_drafts_in_one_order(database):
    SqlDraftCache(database).put({key: Outcome("", (), 1) for key in ("b", "c", "a")})
    place = "rowid" if make_url(database.url).get_backend_name() == "sqlite" else "ctid"
    with database.session() as session:
        assert session.scalars(select(DraftRow.key).order_by(text(place))).all() == ["a", "b", "c"]


def test_a_text_whose_facts_are_others_today_stays(database, model):
    (one,) = numbered(service(database, model), 1)
    with database.session() as session:
        row = session.get_one(ExplanationRow, one)
        row.slots = row.slots | {"item": "Another Film"}
    engine = Engine()
    drained(database, model, engine)
    assert engine.asked == 0
    with database.session() as session:
        assert session.get_one(UpgradeRow, one).reason == "something else would be told of it today"


def test_whoever_is_erased_takes_their_jobs_along_even_those_that_are_being_done(database, model):
    numbered(service(database, model), 1)
    queue = queue_of(database)
    (job,) = queue.claim(UPGRADE, model.version, 9)
    receipt = erase(database, Erasing.unlisted(), "u1", "test")
    assert receipt.counts["jobs"] == 2
    assert rows(database) == {}
    assert not queue.end(job, lambda session: pytest.fail("its effect is stored"))
    queue.fail(job, "gone")
    assert rows(database) == {}


def test_jobs_end_with_the_time_of_their_explanation(database, model):
    numbered(service(database, model), 2)
    removed = apply(database, {"explanations": now() + timedelta(days=1)})
    assert removed["jobs"] == 4
    assert rows(database) == {}


def test_a_job_holds_nothing_of_anybody():
    assert {column.name for column in Base.metadata.tables["jobs"].columns} == {
        *("kind", "explanation_id", "recommender", "state", "due_at"),
        *("taken_by", "attempts", "error", "created_at"),
    }
