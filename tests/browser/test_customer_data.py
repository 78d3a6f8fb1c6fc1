"""A customer's data, in a real browser: to download, and to delete with the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from explainer.storage.erasing import held_counts
from tests.browser.chromium import NEEDS_CHROMIUM
from tests.browser.ways import PLAIN, Gallery

pytestmark = NEEDS_CHROMIUM
WORDS = {
    "en": ("Download my data", "Delete my data", "Delete everything", "Everything was deleted", "Keep it"),
    "zh": ("下载我的数据", "删除我的数据", "全部删除", "全部数据已删除", "保留数据"),
}


def held(database):
    with database.session() as session:
        return held_counts(session, "u3")


@pytest.mark.parametrize("way", PLAIN, ids=str)
def test_data_is_downloaded_and_deleted_with_the_keyboard_alone(reader, database, way):
    locale, scheme, width, script = way
    download, delete, sure, gone, keep = WORDS[locale]
    gallery, page = Gallery("own-data", way), reader(locale=locale, scheme=scheme, width=width, script=script)
    page.goto("/?user=u3")
    gallery.take(page, "page")
    with page.expect_download() as taken:
        page.get_by_role("link", name=download).click()
    assert taken.value.suggested_filename == "data.zip"
    page.get_by_role("link", name=delete).focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("checkbox")
    expect(box).to_be_visible()
    gallery.take(page, "asked")
    before = held(database)
    page.get_by_role("button", name=sure).press("Enter")  # not without the mark: the browser says so
    assert held(database) == before
    expect(page.get_by_role("link", name=keep)).to_be_visible()
    box.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=sure)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(gone)
    gallery.take(page, "gone")
    assert held(database) == {}
