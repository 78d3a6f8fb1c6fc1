"""The support page in a real browser: understand a record, reply, take back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from explainer.access import Role
from explainer.server.words import words_in
from explainer.service.exclusions import exclude_behaviours
from explainer.service.suppress import suppress
from explainer.service.user_settings import set_personalised
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.reading_tables import RevisionRow, SuppressionRow, UpgradeRow
from explainer.storage.revisions import DONE
from explainer.writing.style import Style
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.sections import shown, today
from tests.browser.ways import PLAIN, Gallery

pytestmark = NEEDS_CHROMIUM


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


def test_a_text_that_was_taken_back_before_tells_by_whom_and_why(reader, database, row):
    suppress(database, row.id, "Wrong film", "bob")
    page = reader(Role.SUPPORT)
    page.goto(f"/support/explanations/{row.id}")
    expect(page.get_by_role("status").first).to_contain_text("Taken back by bob")
