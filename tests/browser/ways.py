"""The ways in which staff read our pages, and what must be true of every state of a page."""

from __future__ import annotations

from tests.browser.chromium import grave_faults, overflow, shoot

WAYS = [("en", "light", 1200, True), ("zh", "dark", 360, True)]
"""Language, light, width of the window, and whether scripts run."""
PLAIN = [*WAYS, ("en", "dark", 360, False)]
"""The same, and once without scripts."""


class Gallery:
    """Takes a numbered picture of each state of a flow, and checks it.

    Args:
        flow: Name of the flow.
        way: One of :data:`WAYS`.
    """

    def __init__(self, flow, way=WAYS[0]):
        locale, scheme, width, self.script = way
        self.name = f"{flow}-{locale}-{scheme}-{width}-{'script' if self.script else 'plain'}"
        self.taken = 0

    def take(self, page, state):
        self.taken += 1
        shoot(page, f"{self.name}-{self.taken}-{state}")
        assert overflow(page) <= 0, f"{self.name}, {state}: wider than the window"
        if self.script:
            assert grave_faults(page) == [], f"{self.name}, {state}"
