"""The auditor's pages in a real browser: every flow with script and without, in both languages and both lights."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, update

from explainer.access import Role
from explainer.server.words import words_in
from explainer.service.audit_samples import draw_ids
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.storage.base import now
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.listing import Search
from explainer.storage.version_tables import ModelVersionRow
from explainer.writing.style import Style
from tests.browser.chromium import NEEDS_CHROMIUM, grave_faults, overflow, shoot

pytestmark = NEEDS_CHROMIUM
WAYS = [
    ("en", "light", 1200, True),
    ("zh", "dark", 360, True),
    ("zh", "light", 1200, False),
    ("en", "dark", 360, False),
]
WRITERS = ("a" * 64, "b" * 64)


def check(page, name, *, script):
    shoot(page, name)
    assert overflow(page) <= 0, f"{name} is wider than the window"
    if script:
        assert grave_faults(page) == [], name


@pytest.fixture
def history(explainer, database):
    """Eight weeks of explanations by two writers, whose drafts the gate stopped now and then; nothing is altered."""
    rows = [row for n in range(8) for row in explainer.explain_top(f"u{n}", 6)]
    rows += explainer.explain_top("nobody", 4) + explainer.explain_top("u3", 4, Style("zh", "support"))
    return rows


def spread(database, rows):
    """Spread explanations over eight weeks, as if the model had written most of them; their digests fit no more."""
    rules = ("unknown_word: best", "digits", "missing_slot: b1", "name: Al", "markup: *", "url", "length")
    with database.session() as session:
        session.execute(
            insert(ModelVersionRow),
            [{"version": v, "kind": "writer", "name": "tiny", "details": {}} for v in WRITERS],
        )
        for n, row in enumerate(rows):
            values = {
                "created_at": now() - timedelta(days=n),
                "writer_version": WRITERS[n // 30],
                "source": "template" if n % 5 == 0 or n % 7 == 0 else "model",
                "gate_failures": [rules[n % 7], rules[n % 3]] if n % 3 == 0 else [],
            }
            session.execute(update(ExplanationRow).where(ExplanationRow.id == row.id).values(**values))
    for n in (3, 4, 11, 33, 34, 35):
        give_feedback(database, rows[n].id, FeedbackKind.WRONG if n % 2 else FeedbackKind.OFFENSIVE, "Not so.", "test")


@pytest.mark.parametrize(("locale", "scheme", "width", "script"), WAYS)
def test_an_auditor_finds_a_record_and_computes_it_again(reader, history, database, locale, scheme, width, script):
    t, row = words_in(locale), history[0]
    name = f"audit-{locale}-{scheme}-{width}-{'script' if script else 'plain'}"
    give_feedback(database, row.id, FeedbackKind.WRONG, "<b>Not</b> mine.", "test")
    page = reader(Role.AUDITOR, locale, scheme, width, script=script)
    page.goto("/start")
    expect(page).to_have_title(f"{t('audit.find.title')} · {t('brand')}")
    expect(page.locator("tbody tr")).to_have_count(25)
    check(page, f"{name}-1-find", script=script)
    page.get_by_role("link", name=t("audit.find.next")).click()
    expect(page.locator("tbody tr")).to_have_count(25)
    page.get_by_role("link", name=t("audit.find.first"), exact=True).click()
    page.get_by_label(t("audit.field.complained")).select_option("true")
    page.get_by_role("button", name=t("audit.find.button"), exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody a").click()
    expect(page.locator("blockquote")).to_have_text(row.text)
    expect(page.locator(".marks")).to_contain_text(t("audit.record.unaltered"))
    expect(page.locator("main")).to_contain_text("<b>Not</b> mine.")
    page.get_by_role("button", name=t("audit.replay.button")).click()
    expect(page.get_by_role("status")).to_contain_text(t("audit.replay.exact"))
    assert ("/replay" in page.url) is not script, "with script the record stays open"
    check(page, f"{name}-2-replay", script=script)
    with database.session() as session:
        session.execute(update(ExplanationRow).where(ExplanationRow.id == row.id).values(text="Buy now.", rank=7))
    page.goto(f"/audit/explanations/{row.id}")
    expect(page.locator(".marks")).to_contain_text(t("audit.record.altered"))
    page.get_by_role("button", name=t("audit.replay.button")).click()
    expect(page.get_by_role("status")).to_contain_text(t("audit.replay.different"))
    expect(page.locator("main")).to_contain_text("Buy now.")
    check(page, f"{name}-3-altered", script=script)


@pytest.mark.parametrize(("locale", "scheme", "width", "script"), WAYS)
def test_an_auditor_draws_a_sample_and_checks_the_log(reader, history, database, locale, scheme, width, script):
    t = words_in(locale)
    name = f"audit-{locale}-{scheme}-{width}-{'script' if script else 'plain'}"
    page = reader(Role.AUDITOR, locale, scheme, width, script=script)
    page.goto("/audit/sample")
    page.get_by_label(t("audit.sample.seed"), exact=True).fill('a "seed" & more')
    page.get_by_label(t("audit.sample.n"), exact=True).fill("5")
    page.get_by_role("button", name=t("audit.sample.button"), exact=True).click()
    with database.session() as session:
        found, ids = draw_ids(session, Search(), 'a "seed" & more', 5)
    expect(page.locator("#drawn")).to_have_text(t("audit.sample.drawn", n=5, found=found))
    shown = [link.get_attribute("href").rsplit("/", 1)[1] for link in page.locator("tbody a").all()]
    assert shown == ids
    check(page, f"{name}-4-sample", script=script)
    page.get_by_role("link", name=t("audit.check.tab")).click()
    page.get_by_role("button", name=t("audit.check.button")).click()
    expect(page.get_by_role("status")).to_contain_text(t("audit.check.sound"))
    with database.session() as session:
        session.execute(update(ExplanationRow).where(ExplanationRow.id == ids[0]).values(text="Buy now."))
    page.get_by_role("button", name=t("audit.check.button")).click()
    expect(page.get_by_role("status")).to_contain_text(t("audit.check.unsound"))
    expect(page.locator("#checked table")).to_contain_text(ids[0])
    check(page, f"{name}-5-check", script=script)


@pytest.mark.parametrize(("locale", "scheme", "width", "script"), WAYS)
def test_charts_show_how_texts_fared(reader, history, database, locale, scheme, width, script):
    t = words_in(locale)
    spread(database, history)
    page = reader(Role.AUDITOR, locale, scheme, width, script=script)
    page.goto("/audit/charts")
    pictures = page.get_by_role("img")
    expect(pictures).to_have_count(4)
    expect(page.get_by_role("img", name=t("audit.charts.fallbacks"))).to_be_visible()
    assert "aaaaaaaaaaaa" in page.locator("svg.chart desc").first.text_content()
    check(page, f"audit-{locale}-{scheme}-{width}-{'script' if script else 'plain'}-6-charts", script=script)
    page.get_by_label(t("audit.charts.by"), exact=True).select_option("day")
    page.get_by_role("button", name=t("audit.charts.button"), exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(len(history))
    page.locator("tbody a").first.click()
    expect(page.locator("tbody tr")).to_have_count(25)


def test_downloads_are_what_was_searched(reader, history):
    page = reader(Role.AUDITOR)
    page.goto("/audit?user=u3&locale=en")
    expect(page.locator("tbody tr")).to_have_count(6)
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download as CSV").click()
    assert begun.value.suggested_filename == "explanations.csv"
    assert begun.value.path().read_text("utf-8-sig").count('"u3"') == 6
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download complete as JSON lines").click()
    assert len(begun.value.path().read_text("utf-8").splitlines()) == 6


def test_an_auditor_needs_no_mouse(reader, history):
    page = reader(Role.AUDITOR)
    page.goto("/audit")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('tbody a')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit/explanations/*")
    page.get_by_role("button", name="Compute again").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Exactly the same.")


def test_what_cannot_be_searched_is_said_beside_the_form(reader, history):
    page = reader(Role.AUDITOR, refusals=True)
    for query in ("since=2026-02-01&until=2026-01-01", "since=yesterday", "locale=xx", "prompt=%25%25%25%25%25%25"):
        for address in ("/audit", "/audit/sample", "/audit/charts"):
            page.goto(f"{address}?{query}&seed=s")
            expect(page.get_by_role("alert")).to_contain_text("This search cannot be used")
            expect(page.locator("tbody")).to_have_count(0)
    page.goto("/audit?cursor=nonsense")
    expect(page.locator("main")).to_contain_text("or none of ours; begin again without one")
    page.goto("/audit/explanations/none")
    expect(page.locator("main")).to_contain_text("There is no explanation")
