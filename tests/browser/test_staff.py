"""Support, review and admin in a real browser: every flow, with script and without, in both languages and lights."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from explainer.access import Role
from explainer.server.words import words_in
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.storage.service_tables import ReviewRow, SuppressionRow, ViewRow
from explainer.storage.tables import ApiKeyRow, ItemRow
from tests.browser.chromium import NEEDS_CHROMIUM, grave_faults, overflow, shoot

pytestmark = NEEDS_CHROMIUM
WAYS = [("en", "light", 1200, True), ("zh", "dark", 360, True), ("en", "dark", 360, False)]


def check(page, name, *, script=True):
    shoot(page, name)
    assert overflow(page) <= 0, f"{name} is wider than the window"
    if script:
        assert grave_faults(page) == [], name


def name_of(what, locale, scheme, width, script):
    return f"{what}-{locale}-{scheme}-{width}-{'script' if script else 'plain'}"


@pytest.fixture
def row(explainer):
    return explainer.explain_top("u3", 6)[0]


@pytest.mark.parametrize(("locale", "scheme", "width", "script"), WAYS)
def test_support_finds_understands_replies_and_takes_back(
    reader, explainer, database, row, locale, scheme, width, script
):
    t, name = words_in(locale), name_of("support", locale, scheme, width, script)
    page = reader(Role.SUPPORT, locale, scheme, width, script=script)
    page.goto("/support")
    check(page, f"{name}-1-start", script=script)
    page.get_by_label(t("support.user"), exact=True).fill("u3")
    page.get_by_role("button", name=t("support.find")).click()
    expect(page.get_by_role("rowheader")).to_have_count(6)
    check(page, f"{name}-2-found", script=script)
    page.goto(f"/support?id={row.id}")
    expect(page.locator("blockquote").first).to_have_text(row.text)
    expect(page.locator("blockquote").nth(1)).to_have_text(row.text)
    expect(page.get_by_text(t("support.today.same"))).to_be_visible()
    reply = page.locator("#text").input_value()
    assert row.text in reply
    assert row.evidence[0].title in reply
    assert page.get_by_role("button", name=t("support.copy")).is_visible() is script
    check(page, f"{name}-3-record", script=script)
    page.get_by_label(t("support.reason")).fill("He never saw it.")
    page.get_by_role("button", name=t("support.suppress_button")).click()
    expect(page.locator(".alert.bad")).to_contain_text("He never saw it.")
    check(page, f"{name}-4-taken-back", script=script)
    with database.session() as session:
        assert session.get(SuppressionRow, row.id).by == "a-support"
        seen = session.scalars(select(ViewRow).where(ViewRow.subject == "u3", ViewRow.viewer == "a-support")).all()
    assert {"explanations", "support page"} <= {view.what for view in seen}


def test_what_is_sensitive_is_shown_for_a_ticket_and_a_purpose_and_until_the_case_ends(reader, database, row):
    cited = row.evidence[0]
    with database.session() as session:
        session.execute(update(ItemRow).where(ItemRow.id == cited.item_id).values(aspects=["hiv", "noir"]))
    page = reader(Role.SUPPORT)
    page.goto(f"/support/explanations/{row.id}")
    assert cited.title not in page.content()
    expect(page.locator("blockquote").first).to_have_text("•••")
    check(page, "support-masked")
    page.get_by_label("Ticket").fill("T-7")
    page.get_by_label("Purpose").fill("The customer asks why this film")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("blockquote").first).to_have_text(row.text)
    assert cited.title in page.content()
    check(page, "support-unmasked")
    with database.session() as session:
        unmasked = session.scalars(select(ViewRow).where(ViewRow.unmasked)).all()
    assert {(view.ticket, view.purpose) for view in unmasked} == {("T-7", "The customer asks why this film")}
    page.get_by_role("button", name="End this case").click()
    page.goto(f"/support/explanations/{row.id}")
    assert cited.title not in page.content()


def test_today_tells_what_has_changed_since(reader, explainer, row):
    from explainer.service.exclusions import exclude_behaviours
    from explainer.service.user_settings import set_personalised

    exclude_behaviours(explainer.database, "u3", [row.evidence[0].behaviour_id])
    page = reader(Role.SUPPORT)
    page.goto(f"/support/explanations/{row.id}")
    expect(page.get_by_text("It would rest on other behaviours.")).to_be_visible()
    expect(page.locator("blockquote").first).to_have_text(row.text)
    set_personalised(explainer.database, "u3", personalised=False)
    page.reload()
    expect(page.locator("blockquote").nth(1)).to_contain_text("switched personal recommendations off")
    check(page, "support-since")


@pytest.mark.parametrize(("locale", "scheme", "width", "script"), WAYS)
def test_a_reviewer_judges_what_was_reported(reader, database, row, locale, scheme, width, script):
    t, name = words_in(locale), name_of("review", locale, scheme, width, script)
    give_feedback(database, row.id, FeedbackKind.WRONG, "<b>I</b> never saw it", "shop")
    page = reader(Role.REVIEWER, locale, scheme, width, script=script, refusals=True)
    page.goto("/review")
    check(page, f"{name}-1-queue", script=script)
    page.get_by_role("link", name=t("review.look")).click()
    expect(page.get_by_text("<b>I</b> never saw it")).to_be_visible()
    check(page, f"{name}-2-case", script=script)
    address = page.url
    page.get_by_label(t("review.wrong")).check()
    page.get_by_label(t("review.note")).fill("It was another film.")
    page.get_by_role("button", name=t("review.save")).click()
    expect(page.get_by_text(t("review.empty"))).to_be_visible()
    page.get_by_role("link", name=t("review.decided")).click()
    check(page, f"{name}-3-decided", script=script)
    page.goto(address)
    expect(page.get_by_text("It was another film.")).to_be_visible()
    expect(page.get_by_role("button", name=t("review.save"))).to_have_count(0)
    with database.session() as session:
        assert session.scalar(select(ReviewRow.verdict)) == "wrong"


@pytest.mark.parametrize(("locale", "scheme", "width", "script"), WAYS)
def test_an_admin_makes_rotates_and_revokes_keys(reader, database, locale, scheme, width, script):
    t, name = words_in(locale), name_of("admin-keys", locale, scheme, width, script)
    page = reader(Role.ADMIN, locale, scheme, width, script=script)
    page.goto("/admin/keys")
    page.get_by_label(t("admin.name")).fill("shop")
    page.get_by_label(t("admin.keys.days")).fill("no days")
    page.get_by_role("button", name=t("admin.keys.create")).click()
    expect(page.get_by_role("alert")).to_contain_text("1 to 3650 days")
    page.get_by_label(t("admin.name")).fill("shop")
    page.get_by_label(t("admin.keys.days")).fill("30")
    page.get_by_role("button", name=t("admin.keys.create")).click()
    made = page.locator("#made").inner_text()
    assert made.startswith("rb_")
    check(page, f"{name}-1-made", script=script)
    page.get_by_role("button", name=t("admin.keys.rotate_one", name="shop")).click()
    assert page.locator("#made").inner_text() != made
    page.goto("/admin/keys")
    assert made not in page.content(), "a key is shown once"
    expect(page.get_by_role("rowheader")).to_have_count(2)
    check(page, f"{name}-2-keys", script=script)
    page.get_by_role("button", name=t("admin.keys.revoke_one", name="shop")).first.click()
    expect(page.get_by_role("rowheader")).to_have_count(0)
    with database.session() as session:
        assert session.scalars(select(ApiKeyRow)).all() == []


def test_an_admin_lets_people_in_and_out(reader, server, browser):
    address, _ = server
    page = reader(Role.ADMIN)
    page.goto("/admin/people")
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Role").select_option("support")
    page.get_by_label("Password (12 characters or more)").first.fill("aaaaaaaaaaaa")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("too easy to guess")
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Role").select_option("support")
    page.get_by_label("Password (12 characters or more)").first.fill("four blue lanterns")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("rowheader")).to_have_count(2)
    check(page, "admin-people")
    assert lands_on(browser, address, "bob", "four blue lanterns").endswith("/")
    page.get_by_role("button", name="Disable bob").click()
    expect(page.get_by_text("disabled")).to_be_visible()
    assert lands_on(browser, address, "bob", "four blue lanterns").endswith("/login")


def lands_on(browser, address, name, password):
    """Return the address that somebody comes to who signs in."""
    context = browser.new_context(base_url=address, locale="en")
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    found = page.url
    context.close()
    return found


@pytest.mark.parametrize(("locale", "scheme", "width", "script"), WAYS)
def test_an_admin_promotes_prompts_and_rolls_them_back(reader, locale, scheme, width, script):
    t, name = words_in(locale), name_of("admin-versions", locale, scheme, width, script)
    page = reader(Role.ADMIN, locale, scheme, width, script=script)
    page.goto("/admin/versions")
    check(page, f"{name}-1", script=script)
    promote = page.get_by_role("button", name=t("admin.promote_one", version="en/support"))
    promote.click()
    rollback = page.get_by_role("button", name=t("admin.rollback_one", version="en/support"))
    expect(rollback).to_be_visible()
    check(page, f"{name}-2-promoted", script=script)
    rollback.click()
    expect(promote).to_be_visible()
    page.goto("/admin")
    expect(page.get_by_text(t("admin.engine.templates"))).to_be_visible()
    check(page, f"{name}-3-engine", script=script)


def test_support_can_be_used_by_keyboard_alone(reader, row):
    page = reader(Role.SUPPORT)
    page.goto("/support")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Customer", exact=True)).to_be_focused()
    page.keyboard.type("u3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader")).to_have_count(6)
    page.get_by_role("link", name=row.title).focus()
    page.keyboard.press("Enter")
    expect(page.locator("blockquote").first).to_have_text(row.text)


def test_a_record_that_is_not_there_is_told_on_a_page(reader):
    page = reader(Role.SUPPORT, refusals=True)
    page.goto("/support/explanations/nowhere")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    check(page, "support-404")
