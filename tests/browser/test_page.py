"""The page in a real browser, served by a real server."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import NEEDS_CHROMIUM

pytestmark = NEEDS_CHROMIUM


def test_choose_a_user_and_read_why(page, explainer):
    page.get_by_label("User").fill("u3")
    page.get_by_role("button", name="Show recommendations").click()
    cards = page.get_by_role("article")
    expect(cards).to_have_count(6)
    stored = explainer.explain_top("u3", 6, reuse=True)
    for n, row in enumerate(stored):
        expect(cards.nth(n).locator(".why")).to_have_text(row.text)
        raised = [cited for cited in row.evidence if cited.share > 0]
        expect(cards.nth(n).locator(".bar")).to_have_count(len(raised))
        expect(cards.nth(n).locator(".against")).to_have_count(len(row.evidence) - len(raised))
        expect(cards.nth(n).get_by_text("AI-written")).to_have_count(0)
        expect(cards.nth(n)).to_contain_text("Template text")
    widths = [float(bar.get_attribute("width")) for bar in cards.first.locator(".bar").all()]
    assert widths[0] == 100
    assert widths == sorted(widths, reverse=True)


def test_a_user_can_be_chosen_without_knowing_an_id(page):
    first = page.get_by_label("People on record").get_by_role("link").first
    first.click()
    expect(page.get_by_role("article")).to_have_count(6)
    expect(page.get_by_role("heading", level=1)).to_contain_text("For user u")


def test_the_record_opens_by_keyboard(page):
    page.get_by_label("User").fill("u3")
    page.keyboard.press("Enter")
    for summary in (page.locator(".reasons > summary").first, page.locator(".record > summary").first):
        summary.focus()
        page.keyboard.press("Enter")
    expect(page.locator("dl").first).to_contain_text("sequential deletion")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1000, "dark")])
def test_the_record_shows_how_the_score_came_about(page, explainer, width, scheme):
    page.set_viewport_size({"width": width, "height": 740})
    page.emulate_media(color_scheme=scheme)
    page.get_by_label("User").fill("u3")
    page.get_by_role("button", name="Show recommendations").click()
    page.locator(".reasons > summary").first.click()
    page.locator(".record > summary").first.click()
    row = explainer.explain_top("u3", 1, reuse=True)[0]
    picture = page.get_by_role("img", name=f"How each behaviour moved the score of {row.title}.")
    expect(picture).to_be_visible()
    page.wait_for_function("image => image.naturalWidth > 0", arg=picture.element_handle())
    for cited in row.evidence:
        assert f"{cited.title} (cited): +" in picture.get_attribute("alt")
    assert picture.evaluate("image => image.getBoundingClientRect().height / image.clientWidth") > 1, "nothing is cut"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_ids_and_titles_do_no_harm(page, explainer):
    page.get_by_label("User").fill("<script>document.title='owned'</script>")
    page.get_by_role("button", name="Show recommendations").click()
    expect(page.get_by_role("article")).to_have_count(6)
    assert "owned" not in page.title() or "<script>" in page.title()
    expect(page.get_by_text("We know nothing of this user yet")).to_be_visible()


def test_nothing_overflows_on_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_label("User").fill("u3")
    page.get_by_role("button", name="Show recommendations").click()
    expect(page.get_by_role("article")).to_have_count(6)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_api_page_draws_itself_offline(page, server):
    page.goto(f"{server[0]}/schema")
    expect(page.locator(".opblock").first).to_be_visible()


def test_signing_out_forgets(page, server):
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{server[0]}/")
    expect(page.get_by_label("Password")).to_be_visible()


def test_the_page_says_what_would_change_it(page):
    page.get_by_label("User").fill("u3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article")).to_have_count(6)
    whats = page.locator(".card .what-if").all_text_contents()
    assert len(whats) == page.get_by_role("article").count()
    assert all(text.startswith(("Without ", "We found no ")) for text in whats)
    assert any("it would rank" in text and "would come into the top 6" in text for text in whats)
