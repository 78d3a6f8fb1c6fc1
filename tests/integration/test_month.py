"""A month in numbers: counted in the database, its borders in UTC, empty months and running ones included."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.notes import Signer
from explainer.cli import main
from explainer.errors import SearchError
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.server.words import words_in
from explainer.service.month.calendar import Month
from explainer.service.month.log_state import Look
from explainer.service.month.report import MonthlyReport, monthly_report
from explainer.service.package.write import Packer
from explainer.storage.base import now
from tests.integration.months import check_october, counted, erase_looks, seed
from tests.integration.problems import problem_of
from tests.integration.tampering import tamper

SIGNER = Signer("shop", bytes(range(32)))
NOT_A_MONTH = ["2026", "2026-13", "2026-00", "26-1", "2026-1", "0000-01", "9999-12", "2026-01-01", "²026-01", ""]


@pytest.mark.parametrize("told", NOT_A_MONTH)
def test_what_is_no_month_is_refused(told):
    with pytest.raises(SearchError, match="A month is written as"):
        Month.of(told)


@pytest.mark.parametrize("address", ["/v1/audit/report", "/audit/report", "/audit/report.html"])
def test_a_month_that_has_not_begun_is_refused_in_words(auditor, address):
    coming = str(Month.at(now()).next)
    answer = auditor.get(address, params={"month": coming})
    assert answer.status_code == 400
    assert f"The month {coming} has not begun" in answer.text


def test_the_first_month_leads_to_none_before_it(auditor):
    page = auditor.get("/audit/report", params={"month": "1970-01"})
    assert page.status_code == 200
    assert "1969" not in page.text
    assert 'rel="prev"' in auditor.get("/audit/report", params={"month": "1970-02"}).text


def test_months_follow_each_other_over_the_year():
    december = Month.of("2026-12")
    assert (str(december.next), str(december.before), str(Month.of("2026-01").before)) == (
        "2027-01", "2026-11", "2025-12",
    )  # fmt: skip
    assert december.until == datetime(2027, 1, 1, tzinfo=UTC)
    assert Month.at(datetime(2026, 12, 31, 20, tzinfo=UTC) + timedelta(hours=4)) == december.next
    assert len(Month.of("2028-02").days(datetime(2030, 1, 1, tzinfo=UTC))) == 29
    assert december.days(datetime(2026, 12, 2, 3, tzinfo=UTC)) == [date(2026, 12, 1), date(2026, 12, 2)]


def test_a_month_is_what_one_counts_by_hand(explainer, database):
    seed(database, explainer.explain_top("u1", 8))
    check_october(counted(database))


@pytest.fixture
def auditor(explainer, database, tmp_path):
    with database.session() as session:
        key = create_key(session, "auditor", Role.AUDITOR)
    packer = Packer(CheckpointFolder(tmp_path / "elsewhere"), SIGNER, tmp_path / "scratch")
    with TestClient(create_app(explainer, queue=4, parts=Parts(packer=packer))) as made:
        made.headers["X-API-Key"] = key
        yield made


def test_a_package_is_offered_where_one_can_be_made_alone(auditor, explainer):
    assert "/audit/package.zip" in auditor.get("/audit").text
    with TestClient(create_app(explainer, queue=1)) as unable:
        unable.headers.update(auditor.headers)
        page = unable.get("/audit")
        assert page.status_code == 200
        assert "/audit/package.zip" not in page.text
        assert unable.get("/audit/package.zip").status_code == 404


def test_an_erasure_makes_no_look_one_without_a_ticket(explainer, database):
    seed(database, explainer.explain_top("u1", 8))
    erase_looks(database)
    looks = counted(database).accesses
    assert (looks.looks, looks.unmasked, looks.without_ticket) == (5, 4, 0)


def test_the_api_tells_the_same_and_of_nobody(auditor, explainer, database):
    seed(database, explainer.explain_top("u1", 8))
    answer = auditor.get("/v1/audit/report", params={"month": "2026-10"})
    check_october(msgspec.json.decode(answer.content, type=MonthlyReport))
    assert "u1-secret" not in answer.text
    assert auditor.get("/v1/audit/report").json()["month"] == str(Month.at(now()))
    for told in NOT_A_MONTH[:-1]:
        problem_of(auditor.get("/v1/audit/report", params={"month": told}), 400)


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("month", ["2026-10", "2020-02", ""])
def test_page_and_file_read_well_full_empty_and_running(auditor, explainer, database, locale, month):
    seed(database, explainer.explain_top("u1", 8))
    query = {"month": month, "lang": locale} if month else {"lang": locale}
    for address in ("/audit/report", "/audit/report.html"):
        answer = auditor.get(address, params=query)
        assert answer.status_code == 200, answer.text
        assert "u1-secret" not in answer.text
        assert words_in(locale)("report.look") in answer.text
    assert "<script" not in answer.text
    assert "http-equiv" in answer.text
    assert 'href="' not in answer.text, "the file asks for nothing"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_the_command_writes_the_file_and_says_what_to_look_at(explainer, database, tmp_path):
    seed(database, explainer.explain_top("u1", 8))
    out = tmp_path / "report.html"
    audit = ["--home", str(tmp_path / "home"), "audit"]
    command = [*audit, "report", str(out), "--month"]
    environment = {"EXPLAINER_DATABASE_URL": database.url}
    CliRunner().invoke(main, [*audit, "key"], env=environment)
    made = CliRunner().invoke(main, [*command, "2026-10", "--locale", "zh"], env=environment)
    assert made.exit_code == 0, made.output
    assert '<html lang="zh-Hans">' in out.read_text("utf-8")
    assert "审计日志完整" not in made.output, "nobody has signed it"
    assert CliRunner().invoke(main, [*command[:3], "checkpoint"], env=environment).exit_code == 0
    signed = CliRunner().invoke(main, [*command, "2026-10", "--locale", "zh"], env=environment)
    assert "审计日志完整" in signed.output, "the log was verified"
    refused = CliRunner().invoke(main, [*command, "2026-14"], env=environment)
    assert (refused.exit_code, "A month is written as" in refused.output) == (1, True)
    early = CliRunner().invoke(main, [*command, str(Month.at(now()).next)], env=environment)
    assert (early.exit_code, "has not begun" in early.output) == (1, True)


def test_a_month_in_which_nothing_happened_says_so(database):
    with database.session() as session:
        found = monthly_report(session, Month(2020, 2))
    assert (found.texts.explanations, found.over, found.erasures.median_s) == (0, True, None)
    assert [one.key for one in found.findings] == ["nothing"]


def test_the_month_that_runs_is_not_over(explainer, database):
    explainer.explain_top("u1", 3)
    with database.session() as session:
        found = monthly_report(session, Month.at(now()))
    assert (found.over, found.texts.explanations, found.texts.users) == (False, 3, 1)
    assert found.texts.readers == {"en/customer": 3}
    assert found.log.entries >= 3
    assert [one.key for one in found.findings] == ["no_complaints", "no_model", "log_not_looked"]


def test_the_log_is_counted_signed_and_looked_at_on_demand(explainer, database, tmp_path):
    folder = CheckpointFolder(tmp_path / "elsewhere")
    explainer.explain_top("u1", 3)
    sign_head(database, folder, SIGNER)

    def log(**more):
        with database.session() as session:
            return monthly_report(session, Month.at(now()), **more)

    before = log(folder=folder).log
    assert (before.checkpoints, before.vouched, before.look) == (1, before.last, Look.NONE)
    explainer.explain_top("u2", 3)
    after = log(folder=folder, key=SIGNER.verifier)
    assert (after.log.vouched, after.log.look) == (before.last, Look.WHOLE)
    assert after.log.events["explanation.created"] == 6
    assert "log_whole" in [one.key for one in after.findings]
    tamper(database, "UPDATE audit_entries SET digest = 'x' || substr(digest, 2) WHERE seq = 2")
    found = log(folder=folder, key=SIGNER.verifier)
    assert (found.findings[0].level, found.findings[0].key) == ("bad", "log_broken")
    assert "Entry 2" in found.log.trouble
