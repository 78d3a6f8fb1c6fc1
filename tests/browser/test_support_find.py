"""The support page in a real browser: find what a customer asks about, by form and by keyboard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from explainer.access import Role
from explainer.server.words import words_in
from explainer.storage.base import now
from explainer.storage.reading_tables import SuppressionRow
from explainer.storage.staff import name_of
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.keyboard import press, tab_to
from tests.browser.sections import shown
from tests.browser.ways import WAYS, Gallery

pytestmark = NEEDS_CHROMIUM


def minute(moment):
    """Return a moment as a field for day and time takes it."""
    return moment.strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize("way", WAYS)
def test_support_finds_by_customer_item_and_time(reader, explainer, row, way):
    locale, scheme, width, script = way
    t, gallery = words_in(locale), Gallery("support-find", way)
    page = reader(Role.SUPPORT, locale, scheme, width, script=script, refusals=True)
    page.goto("/support")
    expect(page.get_by_text(t("support.start"))).to_be_visible()
    gallery.take(page, "start")

    def find(**fields):
        page.goto("/support")
        for name, value in fields.items():
            page.get_by_label(t(f"support.{name}"), exact=True).fill(value)
        page.get_by_role("button", name=t("support.find"), exact=True).click()

    find(user=" u3 ")
    expect(page.get_by_role("rowheader")).to_have_count(6)
    gallery.take(page, "by-customer")
    find(user="u3", item=row.item_id)
    expect(page.get_by_role("rowheader")).to_have_count(1)
    expect(page.get_by_role("row").nth(1)).to_contain_text(row.text)
    find(since=minute(now() - timedelta(hours=1)), until=minute(now() + timedelta(hours=1)))
    expect(page.get_by_role("rowheader")).to_have_count(6)
    find(user="u3", until=minute(now() - timedelta(days=1)))
    expect(page.get_by_text(t("support.nothing"))).to_be_visible()
    gallery.take(page, "nothing")
    find(user="u3", since="2026-03-31T14:00", until="2026-03-30T14:00")
    expect(page.get_by_role("alert")).to_have_text(t("support.ends_before"))
    expect(page.get_by_label(t("support.user"), exact=True)).to_have_value("u3")
    gallery.take(page, "ends-before")
    page.goto("/support?user=u3&since=yesterday")
    expect(page.get_by_role("alert")).to_have_text(t("support.no_moment"))
    find(id=f" {row.id} ")
    expect(shown(page)).to_have_text(row.text)


def test_what_is_found_comes_page_by_page_newest_first(reader, explainer):
    rows = explainer.explain_top("u3", 26)
    page = reader(Role.SUPPORT)
    page.goto("/support?user=u3&until=2999-01-01T00:00")
    seen = page.get_by_role("rowheader").all_text_contents()
    assert len(seen) == 20
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("rowheader")).to_have_count(6)
    expect(page.get_by_label("Customer", exact=True)).to_have_value("u3")
    seen += page.get_by_role("rowheader").all_text_contents()
    assert len(set(seen)) == 26 == len(rows)
    expect(page.get_by_role("link", name="Older")).to_have_count(0)


def test_support_answers_a_ticket_by_keyboard_alone(reader, database, row):
    page = reader(Role.SUPPORT)
    page.goto("/support")
    press(page, "Tab", "Enter", "Tab")
    expect(page.get_by_label("Customer", exact=True)).to_be_focused()
    page.keyboard.type("u3")
    press(page, "Tab")
    page.keyboard.type(row.item_id)
    press(page, "Enter")
    expect(page.get_by_role("rowheader")).to_have_count(1)
    tab_to(page, page.get_by_role("link", name=row.title))
    press(page, "Enter")
    tab_to(page, page.get_by_label("Ticket"))
    page.keyboard.type("T-1")
    press(page, "Tab")
    page.keyboard.type("He telephoned us")
    press(page, "Enter")
    expect(page.get_by_text("T-1")).to_be_visible()
    tab_to(page, page.get_by_label("Reason"))
    page.keyboard.type("Not his film")
    press(page, "Enter")
    expect(page.get_by_role("status").first).to_contain_text("Not his film")
    with database.session() as session:
        assert name_of(session, session.get_one(SuppressionRow, row.id).by) == "a-support"


def test_an_unknown_record_is_told_on_a_page_with_the_way_back(reader):
    page = reader(Role.SUPPORT, width=360, scheme="dark", refusals=True)
    page.goto("/support")
    page.get_by_label("Explanation id").fill("3f2b8c1e-0d4a-4c55-9b7e-1f6a2d3c4b5e")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is here")
    assert "/support/explanations/" in page.url
    Gallery("support-unknown", ("en", "dark", 360, True)).take(page, "told")
