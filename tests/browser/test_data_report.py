"""The data report in a real browser: nothing is asked of a network, nothing runs, nothing overflows."""

from __future__ import annotations

import pytest

from tests.browser.chromium import NEEDS_CHROMIUM
from tests.integration.test_data_report import EVIL, NOW, report, write

pytestmark = NEEDS_CHROMIUM


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1100, "dark")])
def test_a_hostile_dataset_makes_a_quiet_page_that_fits(browser, tmp_path, width, scheme):
    items = [[n, EVIL + "W" * 300 * (n < 2), f"aspect{'-long' * 40}", ""] for n in range(6)]
    rows = [[f"u{u}", n, 1 + n % 5, NOW + 86_400 * n + u] for u in range(30) for n in range(6)]
    assert report(write(tmp_path / "d", items, rows), tmp_path / "report.html").exit_code == 0
    trouble: list[str] = []
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    page.on("console", lambda message: trouble.append(message.text))
    page.on("dialog", lambda dialog: trouble.append(dialog.message))
    page.on("request", lambda r: trouble.append(r.url) if not r.url.startswith("file:") else None)
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    text = page.locator("figure svg text").first
    assert text.evaluate("e => getComputedStyle(e).fill") != "rgb(0, 0, 0)", "charts take the page's colours"
    assert text.evaluate("e => e.getBoundingClientRect().height") >= 9, "axis labels can be read"
    context.close()
    assert trouble == []
