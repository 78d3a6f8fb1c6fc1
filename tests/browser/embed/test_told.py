"""What the component says on a shop's page where there is nothing to show."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from explainer.access.embed_secrets import embed_secrets
from explainer.access.embed_tokens import make_token
from explainer.storage.base import now
from explainer.storage.reading_tables import SuppressionRow
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.embed.shops import HOUR, picture, serious, token_for

pytestmark = NEEDS_CHROMIUM


def said(page):
    page.get_by_role("button", name="Why this?").click()
    status = page.get_by_role("region").get_by_role("status")
    expect(status).not_to_have_text("One moment …")
    expect(page.get_by_role("button", name="Helpful")).to_be_hidden()
    return status.first


def test_an_origin_that_is_not_allowed_is_told_calmly(page, shop, database, rows):
    shop.put(rows[0].id, token_for(database, rows[0]))
    page.goto(f"http://localhost:{shop.port}/")
    expect(said(page)).to_have_text("This can’t be shown right now. Please try again later.")
    assert serious(page) == []
    picture(page, "not-allowed")


@pytest.mark.parametrize("made", [-2 * HOUR, HOUR])
def test_a_token_that_is_over_or_early_asks_to_reload(page, shop, database, rows, made):
    page.goto(shop.put(rows[0].id, make_token(embed_secrets(database)[0], rows[0].id, HOUR, now() + made).token))
    expect(said(page)).to_have_text("Reload the page to see this.")


def test_a_new_token_from_the_shop_mends_it(page, shop, database, rows):
    page.goto(shop.put(rows[0].id, "old.token"))
    status = said(page)
    expect(status).to_have_text("Reload the page to see this.")
    page.evaluate("t => document.querySelector('why-this').setAttribute('token', t)", token_for(database, rows[0]))
    expect(status).to_have_text(rows[0].text)
    expect(page.get_by_role("button", name="Helpful")).to_be_visible()


def test_an_explanation_that_is_gone_says_so(page, shop, database):
    page.goto(shop.put("gone?", make_token(embed_secrets(database)[0], "gone?", HOUR, now()).token))
    expect(said(page)).to_have_text("This explanation is no longer available.")


def test_a_suppressed_explanation_shows_a_neutral_line(page, shop, database, rows):
    with database.session() as session:
        session.add(SuppressionRow(explanation_id=rows[0].id, reason="complaint", by="ada"))
    page.goto(shop.put(rows[0].id, token_for(database, rows[0])))
    expect(said(page)).to_have_text("There is no explanation to show for this recommendation.")
    expect(page.get_by_role("list")).to_have_count(0)
