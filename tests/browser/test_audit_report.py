"""The monthly report in a real browser: on its page, and as a file that asks nothing of a network."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, update

from explainer.access import Role
from explainer.server.audit_report import report_file
from explainer.server.words import words_in
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.month.report import monthly_report
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import ReviewRow, ViewRow
from explainer.storage.removal_tables import ErasureRow
from explainer.storage.version_tables import ModelVersionRow, RegistryChangeRow
from tests.browser.chromium import NEEDS_CHROMIUM, grave_faults, overflow, shoot
from tests.integration.months import FIRST, OCTOBER

pytestmark = NEEDS_CHROMIUM
WAYS = [("en", "dark", 360), ("zh", "light", 1200)]  # the file below is looked at the other way round
WRITERS = ("a" * 64, "b" * 64)


@pytest.fixture
def month(explainer, database):
    """September and October of a busy shop, whose second writer is worse than the first."""
    rows = [row for n in range(14) for row in explainer.explain_top(f"u{n}", 10)]
    rules = ("unknown_word: best", "digits", "missing_slot: b1", "name: Al", "markup: *")
    with database.session() as session:
        models = [{"version": v, "kind": "writer", "name": "openvino", "details": {}} for v in WRITERS]
        session.execute(insert(ModelVersionRow), models)
        for n, row in enumerate(rows):
            late = n >= 60
            values = {
                "created_at": FIRST + (timedelta(days=n % 29, hours=n % 24) if late else -timedelta(days=1 + n % 20)),
                "writer_version": WRITERS[late and n % 31 > 12],
                "source": "template" if (n % 4 == 0 if late else n % 30 == 0) else "model",
                "gate_failures": [rules[n % 5], rules[n % 3]]
                if n % 3 == 0
                else ["engine_unavailable: gone"] * (n % 9 == 1),
                "prompt_hash": "p" * 64,
                "asked": {"private": {"b": ["health", "religion"][: 1 + n % 2]}} if n % 5 == 0 else {},
            }
            session.execute(update(ExplanationRow).where(ExplanationRow.id == row.id).values(**values))
        for n in range(40):
            who, role = (("sue", "support"), ("bob <b>", "support"), ("rita", "reviewer"), ("olga", "auditor"))[n % 4]
            view = ViewRow(viewer=who, role=role, subject="a-customer", what="explanation")
            view.at, view.ticket, view.unmasked = FIRST + timedelta(days=n % 30), f"T-{n % 7}" * (n % 8 < 2), n % 3 == 0
            session.add(view)
        for n in range(7):
            start = FIRST + timedelta(days=3 * n)
            row = ErasureRow(code="c" * 64, requested_at=start, ended_at=start + timedelta(seconds=2 + 700 * n))
            row.counts = {"behaviours": 100 * n, "explanations": 12 * n, "feedback": n}
            row.by, row.entries, row.training = "admin", [], []
            session.add(row)
        for n, verdict in enumerate(("good", "good", "wrong", "stilted", None)):
            review = ReviewRow(explanation_id=rows[70 + n].id, cause="sampled", created_at=FIRST, verdict=verdict)
            review.decided_at = FIRST + timedelta(days=n) if verdict else None
            session.add(review)
        for n, action in enumerate(("promoted", "promoted")):
            change = RegistryChangeRow(kind="adapter", scope="en", number=n + 1, action=action, version=WRITERS[n])
            change.at = FIRST + timedelta(days=12 * n - 2)
            session.add(change)
    for n in (61, 62, 65, 80, 99, 120, 121):
        give_feedback(database, rows[n].id, FeedbackKind.WRONG if n % 2 else FeedbackKind.OFFENSIVE, "No.", "test")


@pytest.mark.parametrize(("locale", "scheme", "width"), WAYS)
def test_a_month_can_be_read_by_everybody(reader, month, locale, scheme, width):
    t = words_in(locale)
    page = reader(Role.AUDITOR, locale, scheme, width)
    page.goto("/audit")
    page.get_by_role("link", name=t("audit.report.tab")).click()
    expect(page.get_by_text(t("report.running"))).to_be_visible()
    page.goto("/audit/report?month=2026-10")
    expect(page.get_by_role("heading", level=1)).to_contain_text(t.month(FIRST))
    expect(page.get_by_role("img")).to_have_count(4)
    expect(page.locator(".look li").first).to_contain_text(t("report.level.warn"))
    expect(page.locator("main")).to_contain_text("bob <b>")
    assert "a-customer" not in page.content()
    shoot(page, f"report-{locale}-{scheme}-{width}")
    assert overflow(page) <= 0
    assert grave_faults(page) == []
    with page.expect_download() as begun:
        page.get_by_role("link", name=t("report.download")).click()
    assert begun.value.suggested_filename == "explainer-2026-10.html"


@pytest.mark.parametrize(("locale", "scheme", "width"), [("en", "dark", 1100), ("zh", "light", 360)])
def test_the_file_needs_nothing_else(browser, database, month, tmp_path, locale, scheme, width):
    with database.session() as session:
        made = report_file(monthly_report(session, OCTOBER), locale)
    (tmp_path / "report.html").write_text(made, encoding="utf-8")
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page, trouble = context.new_page(), []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("request", lambda r: trouble.append(r.url) if not r.url.startswith("file:") else None)
    page.goto((tmp_path / "report.html").as_uri())
    assert overflow(page) <= 0
    text = page.locator("figure svg text").first
    assert text.evaluate("e => getComputedStyle(e).fill") != "rgb(0, 0, 0)", "charts take the file's colours"
    assert trouble == []
    assert grave_faults(page) == []
    shoot(page, f"report-file-{locale}-{scheme}-{width}")
    page.emulate_media(media="print", color_scheme="light")
    shoot(page, f"report-print-{locale}")
    context.close()


def test_what_is_no_month_is_said_beside_the_form(reader):
    page = reader(Role.AUDITOR, refusals=True)
    for told in ("2026-13", "soon", "9999-99"):
        page.goto(f"/audit/report?month={told}")
        expect(page.get_by_role("alert")).to_contain_text("A month is written as 2026-11")
    page.goto("/audit/report?month=1999-01")
    expect(page.locator(".look")).to_contain_text("Nothing was explained in this month.")
