"""The log is whole after an erasure, and no erasure hides what was deleted, brought back or never asked for."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from explainer.audit import check, log
from explainer.audit.check import Trouble, check_log
from explainer.service.audited import KEPT
from explainer.service.subject.erase import Erasing, erase
from explainer.storage.reading_tables import ViewRow
from tests.integration.erasure.acting import U, checked, delete_user
from tests.integration.tampering import tamper
from tests.integration.traces import USER, live


def test_the_log_is_whole_after_an_erasure_and_knows_what_was_erased(desk, database):
    live(desk)
    before = checked(database)
    assert before.sound
    delete_user(desk)
    found = checked(database)
    assert found.sound, found.findings
    assert found.erased > 10
    assert (found.records_gone, found.digests_wrong, found.erased_but_there) == (0, 0, 0)


def test_whoever_is_erased_while_the_log_is_checked_is_no_fault(desk, database, erasing, monkeypatch):
    live(desk)
    monkeypatch.setattr(check, "_CHUNK", 3)
    receipts = []

    def meanwhile(done, _total):
        if done == 3:
            receipts.append(erase(database, erasing, USER, "test"))

    with database.session() as session:
        found = check_log(session, KEPT, meanwhile, lambda: erasing)
    assert receipts
    assert found.sound, found.findings
    assert found.erased > 0


PLAIN = {
    "a record and its salt": (
        "DELETE FROM evidence WHERE explanation_id = '{id}'",
        "DELETE FROM counterfactuals WHERE explanation_id = '{id}'",
        "DELETE FROM explanations WHERE id = '{id}'",
        "DELETE FROM audit_salts WHERE seq IN (SELECT seq FROM audit_entries WHERE record_id = '{id}')",
    ),
    "a salt alone": ("DELETE FROM audit_salts WHERE seq IN (SELECT seq FROM audit_entries WHERE record_id = '{id}')",),
    "a number put onto an erasure's list": (
        "DELETE FROM evidence WHERE explanation_id = '{id}'",
        "DELETE FROM counterfactuals WHERE explanation_id = '{id}'",
        "DELETE FROM explanations WHERE id = '{id}'",
        "DELETE FROM audit_salts WHERE seq IN (SELECT seq FROM audit_entries WHERE record_id = '{id}')",
        "UPDATE erasures SET entries = '[[1, 9999]]'",
    ),
    "an erasure's record": ("DELETE FROM erasures",),
    "an erasure's salt": (
        "DELETE FROM audit_salts WHERE seq IN (SELECT seq FROM audit_entries WHERE event = 'erasure.done')",
    ),
    "another erasure's record beside": (
        "INSERT INTO erasures SELECT 'x', code, 'x', requested_at, ended_at, counts, '[[1, 9999]]', '[]' FROM erasures",
        "DELETE FROM audit_salts WHERE seq IN (SELECT seq FROM audit_entries WHERE record_id = '{id}')",
    ),
}


@pytest.mark.parametrize("statements", PLAIN.values(), ids=PLAIN.keys())
def test_a_plain_deletion_is_not_hidden_by_an_erasure(desk, explainer, database, statements):
    live(desk)
    (row,) = explainer.explain_top("u1", 1)
    delete_user(desk)
    assert checked(database).sound
    columns = "INSERT INTO erasures (id, code, erased_by, requested_at, ended_at, counts, entries, training) SELECT"
    told = (one.replace("INSERT INTO erasures SELECT", columns).format(id=row.id) for one in statements)
    tamper(database, *told)
    assert not checked(database).sound


def test_an_erased_record_that_is_there_all_the_same_is_found(desk, database, dataset):
    live(desk)
    with database.session() as session:
        view = session.scalars(select(ViewRow).where(ViewRow.subject == USER)).first()
    delete_user(desk)
    with database.engine.begin() as connection:
        connection.execute(update(ViewRow).where(ViewRow.id == view.id).values(subject=USER))
    found = checked(database)
    assert [(one.what, one.record_id) for one in found.findings] == [(Trouble.RETURNED, view.id)]


def test_an_erasure_that_nobody_asked_for_outside_the_database_is_found(desk, explainer, database, erasing):
    explainer.explain_top("u1", 1)
    delete_user(desk)
    forged = erase(database, Erasing.unlisted(), "u1", "insider")
    with database.session() as session:
        log.append(session, "erasure.key_adopted", "ab" * 32, {})  # nor does that make it one of a key that was lost
    with database.session() as session:
        assert check_log(session, KEPT).sound  # all of it fits together
        found = check_log(session, KEPT, outside=lambda: erasing)
    assert [(one.what, one.record_id) for one in found.findings] == [(Trouble.UNLISTED, forged.id)]
    assert desk.ask(U, "GET", "/v1/audit/status").json()["erasures_unlisted"] == 1
