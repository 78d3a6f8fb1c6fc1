"""Parts of the support page, by what they are about."""

from __future__ import annotations


def shown(page):
    return page.locator("section[aria-labelledby=shown] blockquote")


def today(page):
    return page.locator("section[aria-labelledby=today]")
