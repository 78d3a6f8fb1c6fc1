"""A shop's own server and its page with the component on it, and what tests look at there."""

from __future__ import annotations

import http.server
import os
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

from explainer.service.embed import embed_token

PICTURES = Path(os.environ.get("EXPLAINER_SCREENSHOTS", ".explainer/screenshots"))
HOUR = timedelta(hours=1)
SCHEMES = (
    ":root { color-scheme: light dark } body { background: light-dark(#fff, #111); color: light-dark(#111, #eee) }"
)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<script src="{service}/embed.js" defer></script><style>{style}</style></head>
<body><main><h1>Shop</h1><why-this explanation="{id}" token="{token}" {more}></why-this></main></body></html>"""


class Silent(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_):
        return


@dataclass
class Shop:
    """A shop's own server, and where the service is."""

    folder: Path
    origin: str
    port: int
    service: str

    def put(self, explanation, token, more='lang="en"', style=SCHEMES):
        page = PAGE.format(service=self.service, style=style, id=escape(explanation), token=token, more=more)
        (self.folder / "index.html").write_text(page, encoding="utf-8")
        return f"{self.origin}/"


def token_for(database, row):
    return embed_token(database, row.id, HOUR).token


def picture(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"embed-{name}.png", full_page=True)


def serious(page):
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]


def focused(page):
    return page.evaluate("document.activeElement.shadowRoot?.activeElement?.textContent ?? ''")
