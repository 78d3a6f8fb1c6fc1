"""What somebody without a mouse does."""

from __future__ import annotations


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def tab_to(page, wanted, most=40):
    """Press Tab until what is wanted has the focus and shows it."""
    handle = wanted.element_handle()
    for _ in range(most):
        page.keyboard.press("Tab")
        if handle.evaluate("one => one === document.activeElement"):
            assert handle.evaluate("one => getComputedStyle(one).outlineStyle") != "none", f"{wanted}: focus is unseen"
            return
    raise AssertionError(f"{wanted} cannot be reached by keyboard")
