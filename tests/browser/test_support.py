"""The support page in a real browser: find, understand, unmask, reply, take back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from explainer.access import Role
from explainer.server.words import words_in
from explainer.service.exclusions import exclude_behaviours
from explainer.service.suppress import suppress
from explainer.service.user_settings import set_personalised
from explainer.storage.base import now
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import RevisionRow, SuppressionRow, UpgradeRow, ViewRow
from explainer.storage.revisions import DONE
from explainer.writing.style import Style
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.keyboard import press, tab_to
from tests.browser.ways import PLAIN, WAYS, Gallery

pytestmark = NEEDS_CHROMIUM


@pytest.fixture
def row(explainer):
    """An explanation of u3's that cites something."""
    return next(row for row in explainer.explain_top("u3", 6) if row.evidence)


def shown(page):
    return page.locator("section[aria-labelledby=shown] blockquote")


def today(page):
    return page.locator("section[aria-labelledby=today]")


def minute(moment):
    """Return a moment as a field for day and time takes it."""
    return moment.strftime("%Y-%m-%dT%H:%M")


def begin_case(page, t, ticket="T-7", purpose="The customer asks why"):
    page.get_by_label(t("support.ticket")).fill(ticket)
    page.get_by_label(t("support.purpose")).fill(purpose)
    page.get_by_role("button", name=t("support.begin_case")).click()


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


@pytest.mark.parametrize("way", PLAIN)
def test_support_reads_replies_and_takes_back(reader, explainer, database, way):
    locale, scheme, width, script = way
    t, gallery = words_in(locale), Gallery("support-record", way)
    row = next(row for row in explainer.explain_top("u3", 6, Style(locale)) if row.evidence)
    page = reader(Role.SUPPORT, locale, scheme, width, script=script, refusals=True)
    page.goto(f"/support/explanations/{row.id}")
    expect(shown(page)).to_have_text(row.text)
    expect(today(page)).to_contain_text(row.text)
    expect(today(page)).to_contain_text(t("support.today.same"))
    picture = page.locator("img.waterfall")
    picture.scroll_into_view_if_needed()
    if script:
        page.wait_for_function("image => image.naturalWidth > 0", arg=picture.element_handle())
    for version in (row.recommender_version, row.writer_version, row.prompt_version):
        expect(page.locator("section[aria-labelledby=made]")).to_contain_text(version[:16])
    gallery.take(page, "record")

    reply = page.get_by_label(t("support.reply_hint")).input_value()
    assert row.text in reply
    assert row.evidence[0].title in reply
    copy = page.get_by_role("button", name=t("support.copy"))
    assert copy.is_visible() is script
    if script:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        copy.click()
        expect(page.get_by_role("button", name=t("support.copied"))).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == reply

    page.get_by_label(t("support.reason"), exact=True).fill(" ")
    page.get_by_role("button", name=t("support.suppress_button")).click()
    expect(page.get_by_role("alert")).to_contain_text(t("support.reason_wrong", reason=500))
    with database.session() as session:
        assert session.get(SuppressionRow, row.id) is None
    page.get_by_label(t("support.reason"), exact=True).fill("He “never” saw it: <b>0x0</b> \\ 片")
    page.get_by_role("button", name=t("support.suppress_button")).click()
    expect(page.get_by_role("status").first).to_contain_text("<b>0x0</b> \\ 片")
    expect(page.get_by_role("button", name=t("support.suppress_button"))).to_have_count(0)
    assert row.text not in page.get_by_label(t("support.reply_hint")).input_value()
    gallery.take(page, "taken-back")
    page.goto("/support?user=u3")
    expect(page.get_by_text(t("support.taken_back"), exact=True)).to_have_count(1)

    customer = reader(Role.APP, locale, scheme, width, script=script)
    customer.goto("/?user=u3")
    card = customer.get_by_role("article").filter(has_text=row.title)
    expect(card).to_contain_text(t("card.withdrawn"))
    expect(card).not_to_contain_text(row.text)
    gallery.take(customer, "customer")


def hide(database, behaviour_id):
    """Make the item of a behaviour one about an illness, as catalogues change; return what must not be told."""
    with database.session() as session:
        item = session.get_one(ItemRow, session.get_one(BehaviourRow, behaviour_id).item_id)
        item.aspects, item.private = ["hiv", "noir"], "health"
        return item.title


@pytest.mark.parametrize("way", WAYS)
def test_a_ticket_and_a_purpose_unmask_until_the_case_ends(reader, database, row, way):
    locale, scheme, width, script = way
    t, gallery = words_in(locale), Gallery("support-case", way)
    cited = {cited.behaviour_id for cited in row.evidence}
    other = next(key for key in row.order if key not in cited)
    secrets = [hide(database, row.evidence[0].behaviour_id), hide(database, other), "hiv"]
    page = reader(Role.SUPPORT, locale, scheme, width, script=script, refusals=True)
    page.goto(f"/support/explanations/{row.id}")
    assert [secret for secret in secrets if secret in page.content()] == []
    expect(shown(page)).to_have_text("•••")
    expect(today(page)).not_to_have_text(row.text)  # it rests on the private one no more
    expect(page.get_by_text(t("support.reply_masked"))).to_be_visible()
    expect(page.get_by_text(t.count("support.masked", 2))).to_be_visible()
    gallery.take(page, "masked")

    begin_case(page, t, purpose="x         x" if script else "0123456789")
    page.goto(f"/support/explanations/{row.id}")
    page.get_by_role("button", name=t("support.end_case")).click()
    assert page.url.endswith(row.id), "where one was"
    begin_case(page, t, "T\u202e<b>7", "She asks why 她 saw it")
    expect(shown(page)).to_have_text(row.text)
    assert page.url.endswith(row.id)
    assert [secret for secret in secrets[:2] if secret not in page.content()] == []
    expect(page.get_by_text("T\u202e<b>7")).to_be_visible()
    gallery.take(page, "unmasked")
    with database.session() as session:
        views = session.scalars(select(ViewRow).where(ViewRow.what == "support page").order_by(ViewRow.at)).all()
    assert not views[0].unmasked
    assert views[-1].unmasked
    assert (views[-1].ticket, views[-1].purpose) == ("T\u202e<b>7", "She asks why 她 saw it")
    page.get_by_role("button", name=t("support.end_case")).click()
    expect(shown(page)).to_have_text("•••")
    assert [secret for secret in secrets if secret in page.content()] == []


def test_a_case_that_says_too_little_is_refused_and_keeps_what_was_typed(reader, row):
    page = reader(Role.SUPPORT, script=False, refusals=True)
    page.goto("/support?user=u3")
    begin_case(page, words_in("en"), "T-7", "   what   ")
    expect(page.get_by_role("alert")).to_contain_text("a purpose of 10 to 500")
    expect(page.get_by_label("Ticket")).to_have_value("T-7")
    expect(page.get_by_label("Purpose")).to_have_value("   what   ")
    Gallery("support-case-refused", ("en", "light", 1200, False)).take(page, "told")
    begin_case(page, words_in("en"))
    assert page.url.endswith("/support?user=u3"), "what was found is still there"
    expect(page.get_by_role("rowheader")).to_have_count(6)


def test_an_admin_is_not_told_that_anything_is_masked_for_them(reader, database, row):
    title = hide(database, row.evidence[0].behaviour_id)
    page = reader(Role.ADMIN)
    page.goto(f"/support/explanations/{row.id}")
    expect(shown(page)).to_have_text(row.text)
    assert title in page.content()
    expect(page.get_by_text("You see everything without a case, too.")).to_be_visible()


def test_today_tells_what_has_changed_since(reader, explainer, database, row):
    gallery = Gallery("support-today")
    page = reader(Role.SUPPORT)

    def look(state):
        page.goto(f"/support/explanations/{row.id}")
        expect(shown(page).first).to_have_text(row.text)
        gallery.take(page, state)

    exclude_behaviours(database, "u3", [cited.behaviour_id for cited in row.evidence])
    look("excluded")
    expect(today(page)).to_contain_text("It would rest on other behaviours.")
    for cited in row.evidence:
        expect(today(page)).not_to_contain_text(cited.title)
    set_personalised(database, "u3", personalised=False)
    look("not-personal")
    expect(today(page)).to_contain_text("switched personal recommendations off")
    expect(today(page)).to_contain_text("It would rest on nothing that the customer did.")
    set_personalised(database, "u3", personalised=True)
    with database.session() as session:
        session.add(
            BehaviourRow(id="b-met", user_id="u3", item_id=row.item_id, kind="view", time=3_000_000, value=None)
        )
    look("met")
    expect(today(page)).to_contain_text("The customer has met this item since")


def test_a_later_text_stands_below_the_first_and_the_reply_quotes_the_newest(reader, database, row):
    with database.session() as session:
        session.add(UpgradeRow(explanation_id=row.id, state=DONE))
        session.add(
            RevisionRow(
                explanation_id=row.id, number=2, text="A better <i>sentence</i>.", draft="A better <i>sentence</i>.",
                slots=row.slots, source="model", gate_failures=[], prompt_hash=row.prompt_hash,
                prompt_version=row.prompt_version, writer_version=row.writer_version,
            )
        )  # fmt: skip
    page = reader(Role.SUPPORT)
    page.goto(f"/support/explanations/{row.id}")
    assert shown(page).all_text_contents() == [row.text, "A better <i>sentence</i>."]
    expect(page.locator("section[aria-labelledby=shown] .ai")).to_have_count(1)
    assert "A better <i>sentence</i>." in page.get_by_label("In the customer’s language").input_value()
    Gallery("support-revision").take(page, "two-texts")


def test_a_draft_that_the_gate_stopped_is_told_with_the_rule(reader, database, row):
    with database.session() as session:
        session.execute(
            update(ExplanationRow).where(ExplanationRow.id == row.id).values(gate_failures=["digits", "unknown_slot"])
        )
    page = reader(Role.SUPPORT)
    page.goto(f"/support/explanations/{row.id}")
    expect(page.locator("section[aria-labelledby=made]")).to_contain_text("digits; unknown_slot")


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
        assert session.get_one(SuppressionRow, row.id).by == "a-support"


def test_an_unknown_record_is_told_on_a_page_with_the_way_back(reader):
    page = reader(Role.SUPPORT, width=360, scheme="dark", refusals=True)
    page.goto("/support")
    page.get_by_label("Explanation id").fill("3f2b8c1e-0d4a-4c55-9b7e-1f6a2d3c4b5e")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is here")
    assert "/support/explanations/" in page.url
    Gallery("support-unknown", ("en", "dark", 360, True)).take(page, "told")


def test_a_text_that_was_taken_back_before_tells_by_whom_and_why(reader, database, row):
    suppress(database, row.id, "Wrong film", "bob")
    page = reader(Role.SUPPORT)
    page.goto(f"/support/explanations/{row.id}")
    expect(page.get_by_role("status").first).to_contain_text("Taken back by bob")
