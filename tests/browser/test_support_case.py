"""The support page in a real browser: a case unmasks what is private, until it ends."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from explainer.access import Role
from explainer.server.words import words_in
from explainer.storage.catalogue_tables import BehaviourRow, ItemRow
from explainer.storage.reading_tables import ViewRow
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.sections import shown, today
from tests.browser.ways import WAYS, Gallery

pytestmark = NEEDS_CHROMIUM


def begin_case(page, t, ticket="T-7", purpose="The customer asks why"):
    page.get_by_label(t("support.ticket")).fill(ticket)
    page.get_by_label(t("support.purpose")).fill(purpose)
    page.get_by_role("button", name=t("support.begin_case")).click()


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
