"""Browsers of people who have signed in, without a browser: what pages answer to their forms."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass

from litestar.testing import TestClient

from explainer.access.keys import create_key
from explainer.access.people import add_person
from explainer.access.sign_ins import sign_in
from explainer.audit.check import check_log
from explainer.server.app import create_app
from explainer.server.auth import COOKIE
from explainer.server.parts import Parts
from explainer.service.audited import KEPT
from explainer.storage.access_tables import PersonRow
from tests.databases import ON_POSTGRESQL

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "en-GB,en;q=0.9"}
PASSWORD = "three green kettles"
CONTROLS = ["\x00", "two\nlines", "\x1b[2J", "\x7f", "\u2028", "\u0085"]
"""What no line of text has in it, however it is filled in."""


@dataclass
class Staff:
    """Somebody at a browser.

    Attributes:
        client: Their browser.
        csrf: What their forms carry.
    """

    client: TestClient
    csrf: str

    def see(self, path, **query):
        return self.client.get(path, params=query or None, follow_redirects=False)

    def send(self, path, **fields):
        return self.client.post(path, data={"csrf": self.csrf} | fields, follow_redirects=False)


def staff_of(explainer, role, path, name="sue", **parts):
    """Return somebody of a role, and the client to close; their forms' token is read from a page of theirs."""
    with explainer.database.session() as session:
        add_person(session, name, role, PASSWORD)
        session.flush()
        token = sign_in(session, session.get_one(PersonRow, name))
    client = TestClient(create_app(explainer, queue=4, parts=Parts(**parts)), raise_server_exceptions=False)
    client.headers.update(BROWSER)
    client.__enter__()
    client.cookies.set(COOKIE, token)
    return Staff(client, re.search('name="csrf" value="([^"]+)"', client.get(path).text)[1])


def is_page(answer, status, words=""):
    """Return whether an answer is a page of ours with these words on it."""
    is_ours = answer.headers["content-type"].startswith("text/html") and "<h1>" in answer.text
    return answer.status_code == status and is_ours and words in answer.text


def status_of_nothing(key):
    """Return what an address with the id of nothing is answered by: of a NUL PostgreSQL says that it holds none."""
    return 400 if ON_POSTGRESQL and key == "%00" else 404


@contextmanager
def program_of(explainer, role):
    """Yield a client that asks with a key of the role, and is answered where the service fails, too."""
    with explainer.database.session() as session:
        key = create_key(session, str(role), role)
    with TestClient(create_app(explainer, queue=4), raise_server_exceptions=False) as made:
        made.headers["X-API-Key"] = key
        yield made


def checked(database):
    """Return what is wrong with the record, as (trouble, event)."""
    with database.session() as session:
        found = check_log(session, KEPT)
    return [(one.what, one.event) for one in found.findings]
