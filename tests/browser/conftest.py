"""What browser tests share: a server, a browser, and readers who have signed in."""

from __future__ import annotations

import threading

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from explainer.access import Role
from explainer.access.people import add_person
from explainer.access.sign_ins import sign_in
from explainer.server.app import create_app
from explainer.server.auth import COOKIE
from explainer.storage.access_tables import PersonRow
from tests.browser.chromium import CHROMIUM, NO_CHROMIUM, QUIET, TellingServer, watch

PASSWORD = "three green kettles"


@pytest.fixture
def server(explainer, database):
    """Yield (address, password) of a running server; ada is its admin."""
    with database.session() as session:
        add_person(session, "ada", Role.ADMIN, PASSWORD)
    config = uvicorn.Config(create_app(explainer, queue=4), host="127.0.0.1", port=0, log_level="error")
    running = TellingServer(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    assert running.up.wait(timeout=60), "the server did not start"
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", PASSWORD
    running.should_exit = True
    thread.join()


@pytest.fixture
def row(explainer):
    """An explanation of u3's that cites something."""
    return next(row for row in explainer.explain_top("u3", 6) if row.evidence)


@pytest.fixture(scope="module")
def browser():
    assert CHROMIUM is not None, NO_CHROMIUM
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield made
        made.close()


@pytest.fixture
def page(server, browser):
    """Yield a page of ada's, signed in by the form, that fails the test on any script error or request to elsewhere."""
    address, password = server
    context = browser.new_context(locale="en")
    made = context.new_page()
    trouble = watch(made, address)
    made.goto(f"{address}/")
    made.get_by_label("Name").fill("ada")
    made.get_by_label("Password").fill(password)
    made.get_by_role("button", name="Sign in").click()
    yield made
    context.close()
    assert trouble == []


@pytest.fixture
def reader(server, browser, database):
    """Yield a function that opens a page for somebody who has signed in; each page watches itself.

    ``reader(role=Role.ADMIN, locale="en", scheme="light", width=1200, script=True, refusals=False)``
    """
    address, password = server
    opened = []

    def open_page(role=Role.ADMIN, locale="en", scheme="light", width=1200, *, script=True, refusals=False):
        name = "ada" if role is Role.ADMIN else f"a-{role}"
        with database.session() as session:
            person = session.get(PersonRow, name)
            if person is None:
                add_person(session, name, role, password)
                session.flush()
                person = session.get_one(PersonRow, name)
            token = sign_in(session, person)
        context = browser.new_context(
            base_url=address,
            locale={"en": "en-GB", "zh": "zh-CN"}[locale],
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
            java_script_enabled=script,
        )
        context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        made = context.new_page()
        opened.append((context, watch(made, address, refusals=refusals)))
        return made

    yield open_page
    for context, _ in opened:
        context.close()
    assert [trouble for _, trouble in opened if trouble] == []
