"""The customer's page in a real browser: every flow with script and without, in both languages and both lights."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from explainer.access import Role
from explainer.server.words import words_in
from explainer.storage.choice_tables import ExclusionRow
from explainer.storage.explanation_tables import ExplanationRow, FeedbackRow
from explainer.writing.style import Style
from tests.browser.chromium import NEEDS_CHROMIUM, grave_faults, overflow, shoot

pytestmark = NEEDS_CHROMIUM
WAYS = [
    ("en", "light", 1200, True),
    ("zh", "dark", 360, True),
    ("zh", "light", 1200, False),
    ("en", "dark", 360, False),
]


def has_cause(explainer, user, locale="en"):
    """Return the first card of the user's that cites something which raised it, and what that is."""
    rows = explainer.explain_top(user, 6, Style(locale), reuse=True)
    return next((row, e) for row in rows for e in sorted(row.evidence, key=lambda e: -e.share) if e.share > 0)


def check(page, name, *, script):
    shoot(page, name)
    assert overflow(page) <= 0, f"{name} is wider than the window"
    if script:
        assert grave_faults(page) == [], name


@pytest.mark.parametrize(("locale", "scheme", "width", "script"), WAYS)
def test_a_customer_sees_why_and_decides_what_is_used(reader, explainer, database, locale, scheme, width, script):
    t = words_in(locale)
    name = f"customer-{locale}-{scheme}-{width}-{'script' if script else 'plain'}"
    page = reader(Role.APP, locale, scheme, width, script=script)
    page.goto("/")
    check(page, f"{name}-1-choose", script=script)
    page.get_by_label(t("choose.user"), exact=True).fill("u3")
    page.get_by_role("button", name=t("choose.button")).click()
    expect(page.get_by_role("article")).to_have_count(6)
    check(page, f"{name}-2-list", script=script)

    row, cited = has_cause(explainer, "u3", locale)
    card = page.locator(f"#e-{row.id}")
    expect(card.locator(".why")).to_have_text(row.text)
    card.get_by_text(t("card.why")).click()
    check(page, f"{name}-3-why", script=script)
    card.get_by_role("button", name=t("card.dont_use")).first.click()
    shown = page.locator(".preview")
    expect(shown).to_contain_text(cited.title)
    expect(shown.locator("li:not(.gone)")).to_have_count(6)
    assert ("/preview" in page.url) is not script, "with script the list stays open, without it there is a page"
    check(page, f"{name}-4-preview", script=script)
    with database.session() as session:
        assert session.scalars(select(ExclusionRow)).all() == [], "a preview changes nothing"

    promised = shown.locator("li:not(.gone) .title > bdi").all_text_contents()
    shown.get_by_role("button", name=t("preview.confirm")).click()
    expect(page.get_by_role("status")).to_have_text(t("customer.done.excluded"))
    assert page.locator("article h3 > bdi").all_text_contents() == promised, "what was promised is what came"
    expect(page.locator(".excluded")).to_contain_text(cited.title)
    check(page, f"{name}-5-excluded", script=script)
    with database.session() as session:
        assert {r.behaviour_id for r in session.scalars(select(ExclusionRow))} >= {cited.behaviour_id}
    page.get_by_role("button", name=t("choices.use_again")).click()
    expect(page.get_by_role("status")).to_have_text(t("customer.done.included"))
    expect(page.locator(".excluded")).to_have_count(0)


@pytest.mark.parametrize(("locale", "scheme", "width", "script"), WAYS)
def test_a_customer_turns_personal_recommendations_off_and_on(reader, explainer, locale, scheme, width, script):
    t = words_in(locale)
    page = reader(Role.APP, locale, scheme, width, script=script)
    page.goto("/?user=u3")
    personal = page.locator("article .why").all_text_contents()
    page.get_by_role("button", name=t("choices.turn_off")).click()
    expect(page.get_by_text(t("customer.not_personal"))).to_be_visible()
    assert not set(personal) & set(page.locator("article .why").all_text_contents())
    expect(page.locator(".bars")).to_have_count(0)
    name = f"customer-{locale}-{scheme}-{width}-{'script' if script else 'plain'}"
    check(page, f"{name}-6-not-personal", script=script)
    page.get_by_role("button", name=t("choices.turn_on")).click()
    expect(page.get_by_text(t("customer.not_personal"))).to_have_count(0)
    assert page.locator("article .why").all_text_contents() == personal


@pytest.mark.parametrize(("locale", "scheme", "width", "script"), WAYS)
def test_feedback_is_kept_and_thanked_for_in_place(reader, database, locale, scheme, width, script):
    t = words_in(locale)
    page = reader(Role.APP, locale, scheme, width, script=script)
    page.goto("/?user=u3")
    card = page.get_by_role("article").nth(1)
    card.get_by_text(t("feedback.say_more")).click()
    card.get_by_label(t("feedback.comment")).fill("<b>Not</b> 真的 😀\nreally")
    name = f"customer-{locale}-{scheme}-{width}-{'script' if script else 'plain'}"
    check(page, f"{name}-7-comment", script=script)
    card.get_by_role("button", name=t("feedback.wrong")).click()
    expect(card.get_by_role("status")).to_have_text(t("feedback.thanks"))
    expect(card.get_by_role("button", name=t("feedback.wrong"))).to_have_count(0)
    expect(card.get_by_role("status")).to_be_focused()
    check(page, f"{name}-8-thanks", script=script)
    with database.session() as session:
        given = session.scalars(select(FeedbackRow)).one()
        assert given.kind == "wrong"
        assert given.comment.splitlines() == ["<b>Not</b> 真的 😀", "really"]
        assert session.get_one(ExplanationRow, given.explanation_id).rank == 2


@pytest.mark.parametrize(("locale", "mark"), [("en", "AI-written"), ("zh", "AI 生成")])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 360)])
def test_texts_by_the_model_are_marked_and_template_texts_are_not(
    reader, explainer, database, locale, mark, scheme, width
):
    rows = explainer.explain_top("u3", 6, Style(locale), reuse=True)
    with database.session() as session:
        session.get_one(ExplanationRow, rows[2].id).source = "model"
    page = reader(Role.APP, locale, scheme, width)
    page.goto("/?user=u3")
    for place, card in enumerate(page.get_by_role("article").all()):
        expect(card.locator(".tag", has_text=mark)).to_have_count(1 if place == 2 else 0)
    check(page, f"customer-{locale}-{scheme}-{width}-ai-mark", script=True)


def test_everything_can_be_reached_by_keyboard(reader):
    page = reader(Role.APP)
    page.goto("/?user=u3")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.locator(".reasons > summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".preview")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Don’t use it", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".reasons").first).to_have_attribute("open", "")


def test_support_sees_what_would_change_but_decides_nothing(reader):
    page = reader(Role.SUPPORT)
    page.goto("/?user=u3")
    expect(page.get_by_role("article")).to_have_count(6)
    page.locator(".reasons > summary").first.click()
    page.get_by_role("button", name="What if it were not used?").first.click()
    expect(page.locator(".preview li:not(.gone)")).to_have_count(6)
    for name in ("Don’t use it", "Turn off", "Helpful"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def test_the_language_is_what_the_browser_asks_for_until_one_is_chosen(reader):
    page = reader(Role.APP, "zh")
    page.goto("/?user=u3")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text("For user u3")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_person_who_was_signed_out_meanwhile_is_sent_to_sign_in(reader):
    page = reader(Role.APP)
    page.goto("/?user=u3")
    page.locator(".reasons > summary").first.click()
    page.context.clear_cookies()
    page.locator(".bars button").first.click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_refusal_looks_like_our_pages_and_names_the_way_back(reader):
    page = reader(Role.AUDITOR, scheme="dark", refusals=True)
    assert page.goto("/?user=u3").status == 403
    expect(page.get_by_role("heading", level=1)).to_have_text("You may not do this")
    check(page, "problem-403", script=True)
    assert page.goto("/nowhere").status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is here")
    check(page, "problem-404", script=True)


@pytest.mark.parametrize(("locale", "scheme", "width"), [("en", "light", 1200), ("zh", "dark", 360)])
def test_the_sign_in_page_is_for_everybody(browser, server, locale, scheme, width):
    context = browser.new_context(locale=locale, color_scheme=scheme, viewport={"width": width, "height": 740})
    page = context.new_page()
    page.goto(f"{server[0]}/")
    check(page, f"login-{locale}-{scheme}-{width}", script=True)
    context.close()
