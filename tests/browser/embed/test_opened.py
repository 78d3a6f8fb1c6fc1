"""The component on a shop's page, in a real browser: opened, used, styled, and held against hostile words."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect
from sqlalchemy import select, update

from explainer.cli.embed_sample import write_sample
from explainer.settings import Settings
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow, FeedbackRow
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.embed.shops import focused, picture, serious, token_for

pytestmark = NEEDS_CHROMIUM


def test_the_sample_shop_opens_by_keyboard_and_closes_with_escape(page, sample, rows):
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(sample)
    first = page.locator("why-this").first
    expect(page.locator("why-this")).to_have_count(3)
    button = first.get_by_role("button", name="Why this?")
    expect(button).to_have_attribute("aria-expanded", "false")
    picture(page, "sample-closed")
    page.keyboard.press("Tab")
    assert focused(page) == "Why this?"
    assert button.evaluate("b => getComputedStyle(b).outlineStyle + getComputedStyle(b).outlineWidth") == "solid3px"
    page.keyboard.press("Enter")
    region = first.get_by_role("region", name="Why you see this")
    expect(region).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(region.get_by_role("status").first).to_have_text(rows[0].text)
    raised = sorted((cited for cited in rows[0].evidence if cited.contribution > 0), key=lambda cited: -cited.share)
    told = region.get_by_role("list", name="Based on what you did").get_by_role("listitem")
    expect(told).to_have_count(len(raised))
    for n, cited in enumerate(raised):
        expect(told.nth(n)).to_contain_text(cited.title)
        expect(told.nth(n)).to_contain_text("You gave it")
    expect(region).to_contain_text("Standard wording, not written by AI")
    assert serious(page) == []
    picture(page, "sample-open")
    page.keyboard.press("Tab")
    assert focused(page) == "Helpful"
    page.keyboard.press("Escape")
    expect(region).to_be_hidden()
    assert focused(page) == "Why this?"
    expect(button).to_have_attribute("aria-expanded", "false")
    assert errors == []


def test_opening_tells_the_shops_page(page, shop, database, rows):
    page.goto(shop.put(rows[0].id, token_for(database, rows[0])))
    page.evaluate("addEventListener('why-this', (event) => { window.told = event.detail.explanation; })")
    page.get_by_role("button", name="Why this?").click()
    page.wait_for_function("window.told !== undefined")
    assert page.evaluate("window.told") == rows[0].id


def test_feedback_is_thanked_and_kept(page, shop, database, rows):
    page.goto(shop.put(rows[0].id, token_for(database, rows[0])))
    page.get_by_role("button", name="Why this?").click()
    helpful, wrong = page.get_by_role("button", name="Helpful"), page.get_by_role("button", name="It’s wrong")
    wrong.focus()
    page.keyboard.press("Enter")
    thanks = page.get_by_role("status").filter(has_text="Thank you")
    expect(thanks).to_be_visible()
    expect(wrong).to_have_attribute("aria-pressed", "true")
    expect(helpful).to_have_attribute("aria-pressed", "false")
    assert focused(page) == "It’s wrong"
    assert serious(page) == []
    picture(page, "thanks")
    with database.session() as session:
        assert session.scalars(select(FeedbackRow.kind)).all() == ["wrong"]


def test_what_ai_wrote_carries_a_mark(page, shop, database, rows):
    with database.session() as session:
        session.execute(update(ExplanationRow).where(ExplanationRow.id == rows[0].id).values(source="model"))
    page.goto(shop.put(rows[0].id, token_for(database, rows[0])))
    page.get_by_role("button", name="Why this?").click()
    region = page.get_by_role("region")
    expect(region).to_contain_text("Written by AI, with facts from your own activity")
    expect(region.get_by_text("AI", exact=True)).to_be_visible()
    assert serious(page) == []
    picture(page, "ai")


def test_chinese_in_the_dark_on_a_phone(page, shop, database, explainer):
    from explainer.writing.style import Style

    row = explainer.explain_top("u3", 1, Style(locale="zh"))[0]
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    page.goto(shop.put(row.id, token_for(database, row), 'lang="zh"'))
    page.get_by_role("button", name="为什么推荐？").click()
    region = page.get_by_role("region", name="推荐理由")
    expect(region.get_by_role("status").first).to_have_text(row.text)
    expect(region).to_contain_text("您打了")
    expect(region).to_contain_text("固定格式的说明，非 AI 撰写")
    assert region.evaluate("r => getComputedStyle(r).backgroundColor") == "rgb(29, 35, 38)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert serious(page) == []
    picture(page, "zh-dark-phone")


def test_a_page_that_is_always_light_stays_light_in_the_dark(page, shop, database, rows):
    page.emulate_media(color_scheme="dark")
    page.goto(shop.put(rows[0].id, token_for(database, rows[0]), style=""))
    page.get_by_role("button", name="Why this?").click()
    region = page.get_by_role("region")
    assert region.evaluate("r => getComputedStyle(r).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("document.querySelector('why-this').setAttribute('theme', 'dark')")
    assert region.evaluate("r => getComputedStyle(r).backgroundColor") == "rgb(29, 35, 38)"


def test_a_shop_can_style_it_by_properties_and_parts(page, shop, database, rows):
    style = "why-this { --why-this-surface: rgb(1, 2, 3); } why-this::part(sentence) { font-weight: 700; }"
    page.goto(shop.put(rows[0].id, token_for(database, rows[0]), style=style))
    page.get_by_role("button", name="Why this?").click()
    region = page.get_by_role("region")
    assert region.evaluate("r => getComputedStyle(r).backgroundColor") == "rgb(1, 2, 3)"
    assert region.get_by_role("status").first.evaluate("s => getComputedStyle(s).fontWeight") == "700"


def test_the_sample_fits_a_phone(page, sample):
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    page.goto(sample)
    for button in page.get_by_role("button", name="Why this?").all():
        button.click()
    expect(page.get_by_role("button", name="Helpful")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert serious(page) == []
    picture(page, "sample-phone-dark")


def test_hostile_titles_and_ids_stay_text(page, shop, database, rows):
    evil = '<img src=x onerror="window.owned=1"><script>window.owned=1</script> \u202egnp.exe'
    with database.session() as session:
        session.execute(update(EvidenceRow).where(EvidenceRow.explanation_id == rows[0].id).values(title=evil))
        session.execute(update(ExplanationRow).where(ExplanationRow.id == rows[0].id).values(text=f"Because {evil}"))
    page.goto(shop.put(rows[0].id, token_for(database, rows[0])))
    page.get_by_role("button", name="Why this?").click()
    region = page.get_by_role("region")
    expect(region.get_by_role("listitem").first).to_contain_text("<script>window.owned=1</script>")
    expect(region.get_by_role("status").first).to_contain_text("Because <img src=x")
    assert region.evaluate("r => r.querySelectorAll('script, img').length") == 0
    assert page.evaluate("window.owned") is None
    picture(page, "hostile")


def test_a_sample_of_hostile_titles_is_text_too(page, shop, database, explainer):
    row = explainer.explain_items("u3", ["i2"])[0]
    settings = Settings(database_url=database.url, _env_file=None)
    write_sample(settings, shop.folder, [row.id], None, shop.service, shop.port, "en")
    page.goto(f"{shop.origin}/")
    expect(page.get_by_role("heading", name="<script>alert('x')</script> & Sons")).to_be_visible()
    page.get_by_role("button", name="Why this?").click()
    expect(page.get_by_role("region").get_by_role("status").first).to_contain_text("<script>alert('x')</script> & Sons")


def test_a_strict_policy_of_the_shop_lets_it_work(page, shop, database, rows):
    policy = f"default-src 'none'; script-src {shop.service}; connect-src {shop.service}; img-src data:"
    html = Path(shop.folder / "index.html")
    shop.put(rows[0].id, token_for(database, rows[0]), style="")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    html.write_text(
        html.read_text(encoding="utf-8").replace("<style></style>", "").replace("<title>", f"{meta}<title>")
    )
    page.goto(f"{shop.origin}/")
    page.get_by_role("button", name="Why this?").click()
    expect(page.get_by_role("region").get_by_role("status").first).to_have_text(rows[0].text)
    assert page.get_by_role("region").evaluate("r => getComputedStyle(r).display") == "grid", "its style is in force"
