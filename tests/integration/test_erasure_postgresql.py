"""Access, erasure and retention on a real PostgreSQL."""

from __future__ import annotations

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread

import pytest
from sqlalchemy import func, select, text

from explainer.access import Role
from explainer.audit.check import check_log
from explainer.audit.log import take_turn
from explainer.audit.sources import StoredNodes, stored_entries
from explainer.audit.verify import verify
from explainer.bench.erasure import measure
from explainer.errors import ConflictError, ErasureError
from explainer.pipeline import Explainer
from explainer.service.audited import KEPT
from explainer.service.retention import apply, ends
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList, Line
from explainer.service.subject.reapply import reapply
from explainer.service.subject.receipts import check_receipt
from explainer.settings import Settings
from explainer.storage import catalogue
from explainer.storage.base import now
from explainer.storage.clearing import Clearer
from explainer.storage.database import Database
from explainer.storage.erasing import clear, held_counts, remove, still_known
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.data import CleaningReport
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder
from tests.databases import without_nul
from tests.integration.traces import USER, desk_of, live, send_behaviours


def migrated(postgresql):
    made = Database(postgresql.new())
    made.migrate()
    return made


@pytest.fixture(scope="module")
def dataset(dataset):
    return without_nul(dataset)


@pytest.fixture(scope="module")
def model(dataset):
    return fit(dataset, HashEncoder(), SMALL_HYBRID)


@pytest.fixture(scope="module")
def database(postgresql, dataset):
    made = migrated(postgresql)
    with made.session() as session:
        catalogue.ingest(session, dataset, CleaningReport(), lambda _: None)
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def explainer(database, model):
    return Explainer(database, model, Writer(PromptLibrary(), load_vocabulary))


@pytest.fixture(scope="module")
def erasing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")  # one for all: the database knows one key
    key = ErasureKey.load(folder / "erasure.key")
    return Erasing(key, ErasureList(folder / "erasures.jsonl", key))


def held(database, user=USER):
    with database.session() as session:
        return held_counts(session, user)


def sound(database):
    with database.session() as session:
        verify(stored_entries(session), [], StoredNodes(session))
        found = check_log(session, KEPT)
    assert found.sound, found.findings
    return found


def test_a_person_gets_everything_and_then_it_goes_for_good(explainer, database, erasing):
    with desk_of(explainer, erasing=erasing) as desk:
        live(desk)
        before = held(database)
        body = desk.ask(Role.APP, "GET", f"/v1/users/{USER}/export").content
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert json.loads(archive.read("about.json"))["rows"]["behaviours"] == before["behaviours"] == 6
        answer = desk.ask(Role.APP, "DELETE", f"/v1/users/{USER}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["counts"].keys() == before.keys()
        assert answer.json()["cleared"] is False  # the write-ahead log is PostgreSQL's own
    assert held(database) == {}
    assert sound(database).erased > 10


def test_no_value_of_theirs_is_left_in_any_table_or_statistic(explainer, database, erasing):
    with desk_of(explainer, erasing=erasing) as desk:
        live(desk, "canary-second")
        desk.ask(Role.APP, "DELETE", "/v1/users/canary-second")
    with database.engine.connect() as connection:
        named = connection.execute(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        )
        tables = [name for (name,) in named]
        assert len(tables) > 20
        for table in (*tables, "pg_stats"):
            found = connection.execute(text(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%canary%'")).scalar()
            assert found == 0, table


def vacuums(database):
    with database.engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        found = connection.execute(text("SELECT relname, vacuum_count FROM pg_stat_user_tables"))
        return {name: number for name, number in found}  # noqa: C416  a Row is no pair to mypy


def test_only_tables_that_held_something_are_cleared_and_nobody_waits_for_it(explainer, database, erasing, monkeypatch):
    started, go_on = Event(), Event()

    def waiting(*given):
        started.set()
        assert go_on.wait(20)
        return clear(*given)

    monkeypatch.setattr("explainer.storage.clearing.clear", waiting)
    clearer, before = Clearer(database), vacuums(database)
    with desk_of(explainer, erasing=replace(erasing, clearer=clearer)) as desk:
        send_behaviours(desk, "canary-fourth")
        answer = desk.ask(Role.APP, "DELETE", "/v1/users/canary-fourth")
    assert started.wait(20)
    receipt = answer.json()
    assert (answer.status_code, receipt["cleared"]) == (200, False)
    assert vacuums(database) == before  # it was answered, and nothing is cleared yet
    go_on.set()
    clearer.wait(20)
    after = vacuums(database)
    assert {name for name in after if after[name] > before[name]} == receipt["counts"].keys()
    assert receipt["counts"].keys() == {"behaviours", "audit_salts", "audit_subjects"}


def test_a_table_that_cannot_be_cleared_does_not_end_clearing(database, caplog):
    clearer, before = Clearer(database), vacuums(database)
    clearer.clear({"no_such_table"})
    clearer.wait(20)
    assert "run VACUUM (ANALYZE) on: no_such_table" in caplog.text
    clearer.clear({"exclusions"})
    clearer.wait(20)
    after = vacuums(database)
    assert {name for name in after if after[name] > before[name]} == {"exclusions"}


def test_who_ends_before_all_is_cleared_is_told_what_is_left(database, monkeypatch, caplog):
    go_on = Event()
    monkeypatch.setattr("explainer.storage.clearing.clear", lambda *_: go_on.wait(20))
    clearer = Clearer(database)
    clearer.clear({"behaviours", "exclusions"})
    clearer.wait(0)
    assert "not overwritten yet; run VACUUM (ANALYZE) on: behaviours, exclusions" in caplog.text
    caplog.clear()
    go_on.set()
    clearer.wait(20)
    assert not caplog.text


def test_two_hosts_that_start_at_once_agree_on_one_key(postgresql, tmp_path):
    fresh = migrated(postgresql)
    keys = [ErasureKey.new() for _ in range(4)]
    hosts = [Erasing(key, ErasureList(tmp_path / f"{n}.jsonl", key)) for n, key in enumerate(keys)]

    def begin(host):
        try:
            reapply(fresh, host)
        except ErasureError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(begin, hosts)) == [False, False, False, True]
    fresh.engine.dispose()


def test_a_backup_does_not_bring_anybody_back(explainer, database, erasing, tmp_path):
    key = erasing.key
    with desk_of(explainer, erasing=erasing) as desk:
        send_behaviours(desk, "canary-third")
    # What a restored backup knows of it: the person, and no erasure.
    other = Erasing(key, ErasureList(tmp_path / "elsewhere.jsonl", key))
    other.list.add(Line("11111111-2222-4333-8444-555555555555", key.code("canary-third"), now()))
    (receipt,) = reapply(database, other)
    assert receipt.counts["behaviours"] == 6
    check_receipt(receipt)
    assert held(database, "canary-third") == {}
    assert reapply(database, other) == []
    sound(database)


def test_who_explains_while_somebody_erases_stores_it_before_or_not_at_all(explainer, database, erasing):
    """Whatever comes first, nothing that was made of erased behaviours is there at the end."""
    users = [f"u{n}" for n in range(40, 52)]

    def explain(user):
        for _ in range(3):
            try:
                explainer.explain_top(user, 2)
            except ConflictError:
                return

    with ThreadPoolExecutor(8) as pool:
        jobs = [
            job
            for user in users
            for job in (pool.submit(explain, user), pool.submit(erase, database, erasing, user, "x"))
        ]
        for job in jobs:
            job.result()
    with database.session() as session:
        left = session.scalars(select(ExplanationRow).where(ExplanationRow.user_id.in_(users))).all()
    assert [row.id for row in left if row.contributions] == []
    sound(database)


def test_an_erasure_waits_for_who_holds_a_behaviour(explainer, database, erasing):
    done = Event()

    def run():
        erase(database, erasing, "u60", "x")
        done.set()

    with database.session() as session:
        assert still_known(session, {"u60", "never-met"}) == {"u60"}
        thread = Thread(target=run)
        thread.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with database.look() as reader:
            while not reader.execute(text(waiting)).scalar():
                pass
        assert not done.is_set()
    thread.join(20)
    assert done.is_set()


def test_retention_goes_in_batches_and_leaves_the_log_whole(explainer, database):
    explainer.explain_top("u2", 3)
    settings = Settings(_env_file=None, keep_explanations=1, keep_views=1, keep_comments=1, keep_drafts=1)
    done = apply(database, ends(settings, now() + timedelta(days=10)))
    assert done["explanations"] >= 3
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(ExplanationRow)) == 0
    assert sound(database).erased >= 3


def test_the_measurement_runs(postgresql, tmp_path):
    made = migrated(postgresql)
    made.engine.dispose()
    assert measure(made.url, tmp_path, behaviours=200, explanations=40) > 0


def test_a_removal_that_fails_removes_nothing(database):
    before = held(database, "u5")
    with pytest.raises(RuntimeError), database.session() as session:
        remove(session, "u5", take_turn)
        raise RuntimeError("power cut")
    assert held(database, "u5") == before != {}
