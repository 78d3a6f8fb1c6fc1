"""Another adapter is promoted while the service serves: it writes from then on."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import select

from explainer.audit.check import check_log
from explainer.loading import make_heirs
from explainer.manner import Manner
from explainer.pipeline import Explainer
from explainer.service.audited import KEPT
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobQueue
from explainer.service.jobs.upgrades import Upgrades
from explainer.service.live import Live
from explainer.service.replay import replay
from explainer.service.succession import NONE_LOADED, Succession
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.jobs import UPGRADE
from explainer.storage.reading_tables import RevisionRow
from explainer.storage.service_tables import StartRow
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.succession.acting import (
    S,
    Scene,
    Telling,
    callers,
    explain,
    settle,
    until,
    writer_of,
    writer_version,
    writers,
    written,
)


def test_a_promotion_while_texts_are_written_costs_nobody_theirs_and_each_names_who_wrote_it(database, model, registry):
    a, b = registry.versions
    old, new = Telling(a), Telling(b)
    scene = Scene(database, model, old)
    scene.engines[b] = new
    old.go.clear()
    with scene.served() as (client, succession), ThreadPoolExecutor(4) as pool:
        under_way = [pool.submit(explain, client, f"u{n}", 1) for n in range(4)]
        # All four are inside: who comes after the promotion gets the new one.
        until(lambda: callers(scene.explainer.writer.engine) == 4)
        registry.promote(b)
        settle(succession)
        assert succession.taken == 1, succession.trouble
        later = explain(client, "u1")
        old.go.set()
        before = [one for answer in under_way for one in answer.result()]
        assert old.closed.wait(S), "the old one goes once nobody waits for it"
        assert explain(client, "u1", 1)[0]["source"] == "model"
    assert {one["source"] for one in before + later} == {"model"}
    by = writers(database)
    assert {by[one["id"]] for one in before} == {a}
    assert {by[one["id"]] for one in later} == {b}
    assert set(old.prompts) & set(new.prompts), "no draft of the one is taken for one of the other"
    served = scene.explainer.with_writer(writer_of(database, Telling(b)), b)
    assert {replay(served, one["id"]).outcome for one in before} == {"exact"}
    served.writer.engine.close()


def test_taking_up_is_on_the_record_of_each_process_and_the_log_proves_it(database, model, registry):
    a, b = registry.versions
    scene = Scene(database, model, Telling(a))
    scene.engines |= {a: Telling(a), b: Telling(b)}
    with scene.served() as (_, succession):
        registry.promote(b)
        settle(succession)
        registry.rollback()
        settle(succession)
    with database.session() as session:
        rows = {row.id: row for row in session.scalars(select(StartRow))}
        entries = (
            select(AuditEntryRow).where(AuditEntryRow.event == "service.writer_changed").order_by(AuditEntryRow.seq)
        )
        taken = [rows[entry.record_id] for entry in session.scalars(entries)]
        assert check_log(session, KEPT).sound
    assert [row.writer for row in taken] == [writer_version(b), writer_version(a)]
    assert all(row.place for row in taken)


def test_a_service_that_began_on_templates_takes_up_what_is_promoted_then(database, model, registry):
    a, b = registry.versions
    scene = Scene(database, model, Telling(a))
    scene.explainer.writer.engine.close()
    live = Live(
        Explainer(database, model, Writer(PromptLibrary(), load_vocabulary), notes=("Texts come from templates.",))
    )
    live.explainer.adapter = NONE_LOADED
    scene.engines[b] = Telling(b)
    succession = Succession(live, scene.heirs)
    settle(succession)
    assert scene.loads == [], "what failed at the start is not tried again at once"
    registry.promote(b)
    settle(succession)
    assert live.explainer.notes == ()
    assert live.explainer.explain_top("u1", 1)[0].source == "model"
    succession.close()


def test_what_comes_too_late_for_a_process_that_ends_is_thrown_away(database, model, registry, caplog):
    a, b = registry.versions
    scene, late = Scene(database, model, Telling(a)), Telling(b)
    scene.engines[b] = late
    late.go.clear()
    live = Live(scene.explainer)
    succession = Succession(live, scene.heirs)
    registry.promote(b)
    succession.follow()
    assert late.begun.acquire(timeout=S)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: succession._ended.wait(S) and late.go.set())
        succession.close()
    succession._busy.join(S)
    assert late.closed.is_set()
    assert (succession.failed, succession.trouble) == (0, "")
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == [], "nothing is amiss"
    assert live.explainer.adapter == a


def test_what_is_taken_up_is_loaded_and_tried_in_the_turn_of_this_process(database, model, registry):
    a, b = registry.versions
    scene, course = Scene(database, model, Telling(a)), []

    def tried(prompts):
        course.append("tried")
        return [Draft(written(prompt.user)) for prompt in prompts]

    def load(database, version):
        course.append("loaded")
        return writer_of(database, Telling(version, tried))

    @contextmanager
    def turn():
        course.append("turn")
        yield
        course.append("over")

    succession = Succession(Live(scene.explainer), replace(scene.heirs, load=load, turn=turn))
    registry.promote(b)
    settle(succession)
    assert (course[0], course[1], course[-2], course[-1]) == ("turn", "loaded", "tried", "over")
    assert succession.taken == 1
    succession.close()


def test_processes_that_share_a_cache_take_up_one_after_the_other(tmp_path):
    turns = [make_heirs(Settings(_env_file=None, home=tmp_path, engine="openvino")).turn for _ in range(4)]
    inside, seen = [], []

    def work(turn):
        with turn():
            inside.append(1)
            seen.append(len(inside))
            inside.pop()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, turns))
    assert seen == [1] * 4
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["taking-up.lock"]


def test_jobs_that_the_old_engine_leaves_have_not_failed_and_the_new_one_does_them(database, model, registry):
    a, b = registry.versions
    scene, queue = Scene(database, model, Telling(a)), JobQueue(database)
    scene.engines[b] = Telling(b)
    scene.explainer.afterwards = Afterwork(queue, (UPGRADE,))
    shown = scene.explainer.explain_top("u1", 2, manner=Manner(ask=False))
    live = Live(scene.explainer)
    succession = Succession(live, scene.heirs)
    begun = queue.claim(UPGRADE, model.version, 9)
    registry.promote(b)
    settle(succession)
    for thread in succession._retiring:
        thread.join(S)
    Upgrades().do(scene.explainer, begun, queue)
    assert (queue.done[UPGRADE], queue.failed[UPGRADE]) == (0, 0)
    scene.explainer.afterwards.drain(live.current)
    assert (queue.done[UPGRADE], queue.failed[UPGRADE]) == (len(shown), 0)
    with database.session() as session:
        by = {row.explanation_id: row.writer_version for row in session.scalars(select(RevisionRow))}
    assert by == {one.id: writer_version(b) for one in shown}
    scene.explainer.afterwards.close()
    succession.close()
