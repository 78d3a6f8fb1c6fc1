"""How long things are kept: counted or removed, in batches, on record, and the log stays whole."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import event, insert, select, update

from explainer.audit.check import check_log
from explainer.service import retention
from explainer.service.audited import KEPT
from explainer.service.exclusions import exclude_behaviours
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.retention import apply, ends, overdue
from explainer.service.subject.erase import Erasing, erase
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import now
from explainer.storage.bulk_tables import DeadLetterRow
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.choice_tables import ExclusionRow
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.explanation_tables import DraftRow, ExplanationRow, FeedbackRow, PromiseRow
from explainer.storage.reading_tables import ViewRow
from explainer.storage.removal_tables import RetentionRow
from explainer.writing.texts import Outcome, withdrawals
from tests.databases import ON_POSTGRESQL, number_of
from tests.integration.traces import COMMENT, desk_of, live

LATER = timedelta(days=400)


def settings(**keep):
    return Settings(_env_file=None, **keep)


def checked(database):
    with database.session() as session:
        return check_log(session, KEPT)


@pytest.fixture
def lived(explainer):
    with desk_of(explainer) as desk:
        live(desk)
    return explainer


def test_by_default_only_what_is_technical_has_an_end(lived, database):
    limits = ends(settings(), now() + LATER)
    assert limits.keys() == {"promises", "sign_ins"}
    assert overdue(database, limits) == {"promises": {"promises": 1}, "sign_ins": {"sign_ins": 0}}
    assert overdue(database, ends(settings())) == {"promises": {"promises": 0}, "sign_ins": {"sign_ins": 0}}


def test_a_dry_run_counts_what_a_real_one_removes_table_by_table_and_changes_nothing(lived, database):
    limits = ends(settings(keep_explanations=365, keep_views=365, keep_behaviours=365), now() + LATER)
    due = overdue(database, limits)
    assert (due["explanations"]["explanations"], due["promises"]["promises"]) == (3, 1)
    assert due["views"]["views"] > 2
    before = checked(database).entries
    assert overdue(database, limits) == due
    assert checked(database).entries == before
    told = Counter({table: number for kind in due.values() for table, number in kind.items()})
    done = apply(database, limits)
    assert done == +told
    assert done.keys() >= {"evidence", "feedback", "reviews", "counterfactuals", "suppressions", "behaviours"}
    assert number_of(database, ExplanationRow) == number_of(database, ViewRow) == 0
    assert not any(sum(kind.values()) for kind in overdue(database, limits).values())
    assert apply(database, limits) == {}


@pytest.mark.both
def test_behaviours_go_by_their_own_time_with_what_was_excluded_of_them(explainer, database):
    with database.session() as session:
        old, new, without = session.scalars(select(BehaviourRow.id).where(BehaviourRow.user_id == "u1").limit(3))
        session.execute(update(BehaviourRow).values(time=int(now().timestamp())))
        session.execute(update(BehaviourRow).where(BehaviourRow.id == old).values(time=1_000_000))
        session.execute(update(BehaviourRow).where(BehaviourRow.id == without).values(time=None))
    exclude_behaviours(database, "u1", [old, new])
    assert apply(database, ends(settings(keep_explanations=1))) == {}
    assert apply(database, ends(settings(keep_behaviours=365))) == {"behaviours": 1, "exclusions": 1}
    with database.session() as session:
        left = set(session.scalars(select(BehaviourRow.id).where(BehaviourRow.user_id == "u1")))
        assert left >= {new, without}
        assert old not in left
        assert session.scalars(select(ExclusionRow.behaviour_id)).all() == [new]
    found = checked(database)
    assert found.sound, found.findings
    assert explainer.explain_top("u1", 1)


def test_what_is_not_due_stays(lived, database):
    with database.session() as session:
        (old,) = session.scalars(select(ExplanationRow.id).limit(1))
        session.execute(update(ExplanationRow).where(ExplanationRow.id == old).values(created_at=now() - LATER))
    assert apply(database, ends(settings(keep_explanations=365)))["explanations"] == 1
    assert number_of(database, ExplanationRow) == 2


def test_it_goes_in_batches_each_on_record_and_the_log_stays_whole(explainer, database, monkeypatch):
    monkeypatch.setattr(retention, "_BATCH", 2)
    for user in ("u1", "u2"):
        explainer.explain_top(user, 3)
    steps = []
    apply(database, ends(settings(keep_explanations=1), now() + LATER), lambda kind, rows: steps.append((kind, rows)))
    assert [kind for kind, _ in steps] == ["explanations"] * 3
    assert number_of(database, RetentionRow) == 3
    found = checked(database)
    assert found.sound, found.findings
    assert found.erased >= 6
    with database.session() as session:
        events = session.scalars(select(AuditEntryRow.event).where(AuditEntryRow.event == "retention.applied")).all()
    assert len(events) == 3


def test_of_feedback_the_words_go_and_the_judgement_stays(lived, database):
    apply(database, ends(settings(keep_comments=30), now() + LATER))
    with database.session() as session:
        (row,) = session.scalars(select(FeedbackRow))
    assert (row.kind, row.comment) == ("wrong", "")
    found = checked(database)
    assert found.sound, found.findings


def test_words_put_back_are_found(lived, database):
    apply(database, ends(settings(keep_comments=30), now() + LATER))
    with database.session() as session:
        session.execute(update(FeedbackRow).values(comment=COMMENT))
    assert checked(database).erased_but_there == 1


def test_letters_of_what_failed_go_with_the_explanations(lived, database):
    mine = {"user_id": "u1", "locale": "en", "audience": "customer", "stage": "write", "reason": "BusyError"}
    with database.session() as session:
        session.add(DeadLetterRow(item_id="old", at=now() - LATER, **mine))
        session.add(DeadLetterRow(item_id="new", **mine))
    assert apply(database, ends(settings())) == {}
    assert apply(database, ends(settings(keep_explanations=365))) == {"dead_letters": 1}
    with database.session() as session:
        assert session.scalars(select(DeadLetterRow.item_id)).all() == ["new"]


def test_a_withdrawn_draft_stays_withdrawn(database):
    SqlDraftCache(database).put({"k": Outcome("{item} is fine.")} | withdrawals(["p"]))
    apply(database, ends(settings(keep_drafts=30), now() + LATER))
    with database.session() as session:
        rows = session.scalars(select(DraftRow)).all()
    assert [row.draft for row in rows] == [None]


def test_other_callers_answers_under_the_same_key_are_left_alone(database):
    old, new = now() - LATER, now()
    rows = [
        {"caller": caller, "key": "k", "body": "", "explanations": [], "created_at": at}
        for caller, at in (("a", old), ("b", new))
    ]
    with database.session() as session:
        session.execute(insert(PromiseRow), rows)
    apply(database, ends(settings()))
    with database.session() as session:
        assert session.scalars(select(PromiseRow.caller)).all() == ["b"]


def test_no_row_of_the_past_is_left_behind_by_an_explanation(lived, database):
    give_feedback(database, _any(database), FeedbackKind.HELPFUL, "More of it.", "app")
    apply(database, ends(settings(keep_explanations=1), now() + LATER))
    assert number_of(database, FeedbackRow) == 0


def _any(database):
    with database.session() as session:
        return session.scalar(select(ExplanationRow.id).limit(1))


@pytest.mark.skipif(ON_POSTGRESQL, reason="SQLite's write-ahead log alone is emptied by whoever writes")
def test_what_an_erasure_could_not_overwrite_for_somebody_who_read_is_overwritten_by_the_next_run(
    explainer, database, tmp_path
):
    database.engine.dispose()
    event.listen(database.engine, "connect", lambda made, _: made.execute("PRAGMA busy_timeout = 0"))
    log = tmp_path / "test.db-wal"
    with closing(sqlite3.connect(tmp_path / "test.db")) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM behaviours").fetchone()
        assert erase(database, Erasing.unlisted(), "u1", "test").cleared is False
        assert log.stat().st_size
    assert apply(database, ends(settings())) == {}
    assert not log.stat().st_size
