"""Keys and passwords from outside: what is shown of a key, when it ends, and what guessing a password brings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from litestar.testing import TestClient
from sqlalchemy import update

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.access.people import add_person
from explainer.server.app import create_app
from explainer.server.auth import COOKIE, try_sign_in
from explainer.storage.access_tables import ApiKeyRow, PersonRow
from explainer.storage.base import now
from tests.integration.commands import run
from tests.integration.staff import staff_of

pytestmark = pytest.mark.usefixtures("full_strength")
PASSWORD = "three green kettles"
PREFIX = 10
"""Characters by which a key is recognised: ``rb_`` and 42 of its 256 bits."""


def shows_the_prefix_alone(text, key):
    """Return whether a text has a key's first characters, and no further piece of it that would help to guess it."""
    rest = key[PREFIX:]
    pieces = [rest[n : n + 8] for n in range(len(rest) - 7)]
    return key[:PREFIX] in text and key[: PREFIX + 1] not in text and not any(piece in text for piece in pieces)


def test_the_list_of_keys_shows_their_first_characters_alone(empty, tmp_path, monkeypatch):
    monkeypatch.setenv("EXPLAINER_DATABASE_URL", empty.url)
    made = [run(tmp_path, "key", "create", name).output.strip() for name in ("shop", "till")]
    listed = run(tmp_path, "key", "list").output
    assert all(shows_the_prefix_alone(listed, key) for key in made), listed


def test_the_page_of_keys_shows_their_first_characters_alone(explainer, database):
    with database.session() as session:
        made = [create_key(session, name) for name in ("shop", "till")]
    admin = staff_of(explainer, Role.ADMIN, "/admin/keys", "ada")
    page = admin.see("/admin/keys").text
    admin.client.__exit__(None, None, None)
    assert all(shows_the_prefix_alone(page, key) for key in made), page


def test_a_key_that_worked_opens_nothing_once_it_is_over(explainer, database):
    with database.session() as session:
        key = create_key(session, "shop", lifetime=timedelta(days=1))
    with TestClient(create_app(explainer, queue=1)) as client:
        client.headers["X-API-Key"] = key
        assert client.get("/v1/parameters").status_code == 200
        with database.session() as session:
            session.execute(update(ApiKeyRow).values(expires_at=now()))
        assert client.get("/v1/parameters").status_code == 401


@pytest.mark.parametrize(("scheme", "is_secure"), [("https", True), ("http", False)])
def test_the_cookie_goes_over_https_alone_where_the_page_came_so(explainer, database, scheme, is_secure):
    with database.session() as session:
        add_person(session, "ada", Role.SUPPORT, PASSWORD)
    with TestClient(create_app(explainer, queue=1), base_url=f"{scheme}://testserver.local") as client:
        answer = client.post("/login", data={"name": "ada", "password": PASSWORD}, follow_redirects=False)
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith(f"{COOKIE}=")
    assert ("Secure" in attributes) is is_secure
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(attributes)


@pytest.mark.both
@pytest.mark.parametrize(("tries", "counted"), [(4, 4), (20, 5)])
def test_wrong_passwords_at_once_count_like_one_after_another(empty, tries, counted):
    """Five may be wrong; from then on there is a pause, in which none is looked at and none counts."""
    with empty.session() as session:
        add_person(session, "ada", Role.SUPPORT, PASSWORD)
    together = Barrier(tries)

    def guess(number):
        together.wait()
        return try_sign_in(empty, "ada", f"a wrong password {number}")

    with ThreadPoolExecutor(tries) as pool:
        assert set(pool.map(guess, range(tries))) == {None}
    with empty.session() as session:
        person = session.get_one(PersonRow, "ada")
        assert person.failures == counted
        assert (person.locked_until is not None) is (counted >= 5)
    assert (try_sign_in(empty, "ada", PASSWORD) is None) is (counted >= 5), "the right one waits, too"
