"""A real Chromium, a real server, and pages of them that complain."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
NO_CHROMIUM = "no Chromium on this machine: apt-get install chromium"
IS_REQUIRED = os.environ.get("EXPLAINER_TEST_BROWSER") == "required"
"""Whether tests of pages fail where there is no browser, instead of being skipped."""
NEEDS_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not IS_REQUIRED, reason=NO_CHROMIUM),
]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
SCREENSHOTS = Path(os.environ.get("EXPLAINER_SCREENSHOTS", ".explainer/screenshots"))
_GRAVE = {"serious", "critical"}


class TellingServer(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.up.set()


def watch(page, address: str, *, refusals: bool = False) -> list[str]:
    """Return a list that fills with script errors, blocked content and requests to elsewhere.

    Args:
        page: The page.
        address: Of our server.
        refusals: Whether the test wants answers such as 403, which the console calls errors.
    """
    trouble: list[str] = []

    def said(message):
        if message.type == "error" and not (refusals and message.text.startswith("Failed to load resource")):
            trouble.append(message.text)

    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", said)
    page.on("request", lambda r: trouble.append(r.url) if not r.url.startswith((address, "data:")) else None)
    return trouble


def shoot(page, name: str) -> None:
    """Keep a picture of the whole page as it is now; it must fit the width of the window."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def overflow(page) -> int:
    """Return by how many pixels anything on the page reaches beyond the window; works without script, too."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def grave_faults(page) -> list[str]:
    """Return what axe-core finds that keeps somebody out."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']} ({fault['impact']}): {[node['target'] for node in fault['nodes']]}"
        for fault in found
        if fault["impact"] in _GRAVE
    ]
