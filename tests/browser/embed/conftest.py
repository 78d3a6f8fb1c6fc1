"""A shop on one origin, the service on another, and a page of it in a real browser that complains."""

from __future__ import annotations

import functools
import http.server
import threading

import pytest
import uvicorn

from explainer.cli.embed_sample import write_sample
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.settings import Settings
from tests.browser.chromium import TellingServer
from tests.browser.embed.shops import Shop, Silent


@pytest.fixture
def shop(explainer, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(folder)))
    serving = threading.Thread(target=files.serve_forever)
    serving.start()
    origin = f"http://127.0.0.1:{files.server_port}"
    app = create_app(explainer, queue=4, parts=Parts(embed_origins=[origin]))
    running = TellingServer(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    assert running.up.wait(timeout=60), "the server did not start"
    service = f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    yield Shop(folder, origin, files.server_port, service)
    running.should_exit = True
    files.shutdown()
    files.server_close()
    thread.join()
    serving.join()


@pytest.fixture
def page(shop, browser):
    """Yield a page that fails the test on any script error, dialog or request to elsewhere."""
    trouble: list[str] = []
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    made = context.new_page()
    made.on("pageerror", lambda error: trouble.append(str(error)))
    made.on("dialog", lambda dialog: trouble.append(dialog.message) or dialog.dismiss())
    known = (shop.origin, shop.service, "data:", "http://localhost:")
    made.on("request", lambda r: trouble.append(r.url) if not r.url.startswith(known) else None)
    yield made
    context.close()
    assert trouble == []


@pytest.fixture
def rows(explainer):
    return explainer.explain_top("u3", 3)


@pytest.fixture
def sample(shop, database, rows):
    """The page that ``explainer embed sample`` writes, for this shop."""
    settings = Settings(database_url=database.url, _env_file=None)
    write_sample(settings, shop.folder, [], None, shop.service, shop.port, "en")
    return f"{shop.origin}/"
