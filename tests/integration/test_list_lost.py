"""An erasure list that is lost brings nobody back, and is written anew when somebody says so."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from explainer.audit.check import check_log
from explainer.cli.common import console
from explainer.service.audited import KEPT
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.reapply import reapply
from explainer.settings import Settings
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.catalogue_tables import BehaviourRow
from tests.integration.commands import run, said


@pytest.fixture
def erasing(home, home_database, monkeypatch):
    """What the home erases with; c1 is erased, and the list is lost."""
    monkeypatch.setattr(console, "_width", 300)
    found = Erasing.of(Settings(_env_file=None, home=home))
    for user in ("c1", "c2"):
        erase(home_database, found, user, "test")
    found.list.path.unlink()
    return found


def behaviours(database, user):
    with database.session() as session:
        return session.scalar(select(func.count()).where(BehaviourRow.user_id == user))


def test_a_load_brings_nobody_back_whom_the_database_knows_to_be_erased(home, home_database, erasing):
    loaded = run(home, "ingest", str(home.parent / "data"))
    assert loaded.exit_code == 0, loaded.output
    assert "of somebody who was erased" in said(loaded)
    assert (behaviours(home_database, "c1"), behaviours(home_database, "c2")) == (0, 0)
    assert behaviours(home_database, "c3") > 0


def test_lines_that_are_lost_are_written_anew_and_tell_a_restored_backup(home, home_database, erasing, caplog):
    assert run(home, "audit", "check").exit_code == 1
    assert reapply(home_database, erasing) == []
    assert "explainer subject relist" in caplog.text
    assert not erasing.list.path.exists(), "nothing is written by itself: an erasure without a line may be made up"
    done = run(home, "subject", "relist", "--yes")
    assert (done.exit_code, "Wrote 2 lines" in said(done)) == (0, True), done.output
    assert {line.code for line in erasing.list.lines()} == {erasing.key.code(user) for user in ("c1", "c2")}
    assert run(home, "audit", "check").exit_code == 0
    again = run(home, "subject", "relist")
    assert (again.exit_code, "0 erasures" in said(again)) == (0, True), again.output
    with home_database.session() as session:
        events = session.scalars(select(AuditEntryRow.event)).all()
        assert events.count("erasure.relisted") == 1
        assert check_log(session, KEPT, outside=lambda: erasing).sound


def test_nothing_is_written_anew_before_somebody_has_said_that_it_was_asked_for(home, home_database, erasing):
    asked = run(home, "subject", "relist")
    assert (asked.exit_code, "was made up" in said(asked)) == (1, True), asked.output
    assert not erasing.list.path.exists()
