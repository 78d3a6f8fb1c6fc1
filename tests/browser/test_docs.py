"""The documentation in a real browser, under a policy that allows no inline script."""

from __future__ import annotations

from tests.browser.test_page import page, pytestmark, server, signed_in  # noqa: F401  the fixtures
