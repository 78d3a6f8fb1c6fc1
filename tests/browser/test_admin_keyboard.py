"""Keys without a mouse: made, rotated and revoked by Tab, typing and Enter alone."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from explainer.access import Role
from explainer.server.words import words_in
from explainer.storage.access_tables import ApiKeyRow
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.keyboard import press, tab_to
from tests.browser.ways import WAYS, Gallery

pytestmark = NEEDS_CHROMIUM


@pytest.mark.parametrize("way", WAYS)
def test_a_key_is_made_rotated_and_revoked_by_keyboard_alone(reader, server, database, way):
    locale, scheme, width, script = way
    t, gallery = words_in(locale), Gallery("admin-keyboard", way)
    page = reader(Role.ADMIN, locale, scheme, width, script=script)

    def works(key):
        return httpx.get(f"{server[0]}/v1/users/u3/recommendations", headers={"X-API-Key": key}).status_code == 200

    page.goto("/admin")
    tab_to(page, page.get_by_role("link", name=t("admin.keys"), exact=True))
    press(page, "Enter")
    page.wait_for_url("**/admin/keys")
    tab_to(page, page.get_by_label(t("admin.name"), exact=True))
    page.keyboard.type("till")
    press(page, "Tab")
    press(page, "ArrowDown")
    expect(page.get_by_label(t("admin.role"), exact=True)).to_have_value("support")
    gallery.take(page, "typed")
    press(page, "Tab")
    page.keyboard.type("30")
    press(page, "Tab", "Enter")
    first = page.locator("#made").inner_text()
    gallery.take(page, "made")
    tab_to(page, page.get_by_role("button", name=t("admin.keys.rotate_one", name="till")))
    press(page, "Enter")
    expect(page.locator("#made")).not_to_have_text(first)
    second = page.locator("#made").inner_text()
    assert (works(first), works(second)) == (True, True)
    tab_to(page, page.get_by_role("button", name=t("admin.keys.revoke_one", name="till")))
    gallery.take(page, "rotated")
    press(page, "Enter")
    expect(page.get_by_role("rowheader")).to_have_count(0)
    assert (works(first), works(second)) == (False, False)
    gallery.take(page, "revoked")
    with database.session() as session:
        assert session.scalars(select(ApiKeyRow)).all() == []
