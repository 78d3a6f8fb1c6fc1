"""A case may name the customer: with them it also goes from the looks at others that were for it, and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from explainer.audit.check import Trouble
from explainer.service.month.accesses import count_accesses
from explainer.service.month.calendar import Month
from explainer.storage.audit_tables import AuditEntryRow, AuditSaltRow
from explainer.storage.erasing import is_held
from explainer.storage.reading_tables import ViewRow
from tests.integration.erasure.acting import S, checked, delete_user, held
from tests.integration.kept import kept
from tests.integration.traces import USER, live

CASE = {"X_Ticket": "canary-ticket-77", "X_Purpose": "canary-purpose he complains of both."}
OTHER = {"X_Ticket": "T-78", "X_Purpose": "Somebody else asks why."}


@pytest.fixture
def looked(desk):
    """Somebody looks at a customer and two others for one case, and at one of these for another case."""
    live(desk)
    paths = [f"/v1/users/{user}/behaviours" for user in (USER, "u1", "u2")]
    for path in paths:
        assert desk.ask(S, "GET", path, **CASE).status_code == 200
    assert desk.ask(S, "GET", paths[1], **OTHER).status_code == 200
    return desk


def looks(database):
    """Return the looks at others, oldest first."""
    with database.session() as session:
        others = select(ViewRow).where(ViewRow.subject.in_(["u1", "u2"])).order_by(ViewRow.at, ViewRow.id)
        return list(session.scalars(others))


def words(database):
    return [(one.subject, one.ticket, one.purpose) for one in looks(database)]


@pytest.mark.both
def test_the_case_goes_with_the_customer_from_looks_at_others_and_the_log_stays_whole(looked, database, tmp_path):
    before, other = looks(database), tuple(OTHER.values())
    assert any(b"canary-ticket-77" in there for there in kept(database, tmp_path).values())
    delete_user(looked)
    assert words(database) == [("u1", "", "–"), ("u2", "", "–"), ("u1", *other)]
    after = looks(database)
    assert [(one.id, one.what, one.viewer, one.at) for one in after] == [
        (one.id, one.what, one.viewer, one.at) for one in before
    ]
    assert [name for name, there in kept(database, tmp_path).items() if b"canary" in there] == []
    found = checked(database)
    assert found.sound, found.findings
    with database.session() as session:
        salted = select(AuditEntryRow.record_id).join(AuditSaltRow, AuditSaltRow.seq == AuditEntryRow.seq)
        assert set(session.scalars(salted.where(AuditEntryRow.record_id.in_([one.id for one in after])))) == {
            after[2].id
        }, "nobody can guess the words by the digest"


@pytest.mark.both
def test_it_is_counted_beforehand_and_whoever_was_erased_is_not_held_by_it(looked, database):
    before = held(database)
    receipt = delete_user(looked)
    assert receipt.counts == before
    with database.session() as session:
        assert not is_held(session, USER)
    assert held(database) == {}
    assert delete_user(looked).id == receipt.id, "a second time there is nothing to do"
    assert delete_user(looked, "u1").counts["views"] == 2, "not those at others for a case that is over"
    assert checked(database).sound


def test_words_that_are_there_all_the_same_are_found(looked, database):
    delete_user(looked)
    view = looks(database)[0]
    with database.engine.begin() as connection:
        connection.execute(update(ViewRow).where(ViewRow.id == view.id).values(purpose=CASE["X_Purpose"]))
    found = checked(database)
    assert [(one.what, one.record_id) for one in found.findings] == [(Trouble.RETURNED, view.id)]


def test_the_month_does_not_say_that_support_gave_no_ticket(looked, database):
    with database.session() as session:
        session.execute(update(ViewRow).values(unmasked=True))
        month = Month.at(session.scalars(select(ViewRow.at)).first())
    delete_user(looked)
    with database.session() as session:
        assert count_accesses(session, month).without_ticket == 0
