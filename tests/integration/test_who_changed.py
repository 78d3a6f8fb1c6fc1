"""Who put a version into use is on record: at the command line, on the admin's page, in the month's report."""

from __future__ import annotations

import os
import pwd

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from explainer.access import Role
from explainer.audit.check import Trouble, check_log
from explainer.cli import main
from explainer.registry.prompts import PromptRegistry
from explainer.server.audit_report import report_file
from explainer.service.audited import KEPT
from explainer.service.month.calendar import Month
from explainer.service.month.report import monthly_report
from explainer.storage.base import now
from explainer.storage.staff import names_of
from explainer.storage.version_tables import RegistryChangeRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import CUSTOMER, Style
from tests.integration.staff import staff_of

STYLE = Style("en", CUSTOMER)
PACKAGE = PromptLibrary().version(STYLE)
OPERATOR = f"command line ({pwd.getpwuid(os.getuid()).pw_name})"


@pytest.fixture
def ada(explainer):
    made = staff_of(explainer, Role.ADMIN, "/admin/keys", "ada")
    yield made
    made.client.__exit__(None, None, None)


def promote(ada, version=PACKAGE):
    answer = ada.send("/admin/versions/prompts/promote", version=version, locale="en", audience="customer")
    assert answer.status_code == 303, answer.text


def roll_back(ada):
    assert ada.send("/admin/versions/prompts/rollback", locale="en", audience="customer").status_code == 303


def changes(database):
    with database.session() as session:
        rows = session.scalars(select(RegistryChangeRow).order_by(RegistryChangeRow.number)).all()
        names = names_of(session, [row.by for row in rows])
    return [(row.action, row.by and names[row.by]) for row in rows]


def checked(database):
    with database.session() as session:
        return check_log(session, KEPT)


def test_an_admin_who_promotes_and_rolls_back_is_on_record(ada, database):
    promote(ada)
    roll_back(ada)
    assert changes(database) == [("added", "ada"), ("promoted", "ada"), ("rolled_back", "ada")]
    assert checked(database).sound


def test_at_the_command_line_it_is_whom_the_operating_system_knows(database, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", database.url)
    monkeypatch.setenv("LOGNAME", "somebody else")
    monkeypatch.setenv("USER", "somebody else")
    for command in (["promote", PACKAGE], ["rollback"]):
        ended = CliRunner().invoke(main, ["--home", str(tmp_path), "prompts", *command])
        assert ended.exit_code == 0, ended.output
    assert changes(database) == [("added", OPERATOR), ("promoted", OPERATOR), ("rolled_back", OPERATOR)]


def test_another_name_put_there_later_is_found(ada, database):
    promote(ada)
    with database.engine.begin() as connection:
        mine = update(RegistryChangeRow).where(RegistryChangeRow.action == "promoted")
        connection.execute(mine.values(by="somebody else"))
    assert [one.what for one in checked(database).findings] == [Trouble.ALTERED]
    with database.engine.begin() as connection:
        connection.execute(mine.values(by=None))
    assert [one.what for one in checked(database).findings] == [Trouble.ALTERED]


def test_changes_from_before_it_was_kept_stay_whole(database, monkeypatch):
    disk = PromptLibrary()
    registry = PromptRegistry(database, disk, disk)
    monkeypatch.setattr(registry, "_by", None)  # as the row is after the migration
    registry.promote(PACKAGE, STYLE)
    assert changes(database) == [("added", None), ("promoted", None)]
    assert checked(database).sound


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_the_months_report_names_who_put_a_version_into_use(ada, database, locale):
    promote(ada)
    with database.session() as session:
        found = monthly_report(session, Month.at(now()))
    (one,) = found.versions.in_force
    assert (one.action, one.by) == ("promoted", "ada")
    assert "<bdi>ada</bdi>" in report_file(found, locale)
    assert "<bdi>ada</bdi>" in ada.see("/audit/report").text
