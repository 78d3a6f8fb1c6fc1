"""Fields that a page's form does not have are refused, in every form, and searches with them show and send nothing."""

from __future__ import annotations

import re

import pytest
from litestar.testing import TestClient

from explainer.access import Role
from explainer.access.people import add_person
from explainer.server.app import create_app
from tests.integration.staff import BROWSER, is_page, staff_of

PASSWORD = "three green kettles"
PAGES = ("", "/sample", "/charts")
DOWNLOADS = ("/export.csv", "/export.jsonl")
LOOKS_LIKE = {"null": "904817263554", "true": " between two spaces ", "7": "null, true & false=1"}
IDS = {"explanation_id": "x", "review_id": "x"}


@pytest.fixture
def admin(explainer):
    """Somebody who may see and send everything."""
    made = staff_of(explainer, Role.ADMIN, "/admin")
    yield made
    made.client.__exit__(None, None, None)


@pytest.fixture
def stranger(explainer, database):
    """A browser that nobody has signed in with yet; Ada may."""
    with database.session() as session:
        add_person(session, "ada", Role.ADMIN, PASSWORD)
    with TestClient(create_app(explainer, queue=4)) as made:
        made.headers.update(BROWSER)
        yield made


def forms(app):
    """Return the address of every form that is sent."""
    return [
        re.sub(r"{(\w+):\w+}", lambda part: IDS[part[1]], route.path)
        for route in app.routes
        if "POST" in getattr(route, "methods", ()) and not route.path.startswith(("/v1/", "/embed/"))
    ]


def test_a_field_that_a_form_does_not_have_is_refused_by_every_form(admin):
    found = [path for path in forms(admin.client.app) if path != "/logout"]  # which reads nothing
    assert len(found) > 15
    for path in found:
        fields = {"surprise": "1"} if path == "/login" else {"surprise": "1", "csrf": admin.csrf}
        answer = admin.client.post(path, data=fields, follow_redirects=False)
        assert answer.status_code == 400, path
        said = admin.client.post(path, data=fields, headers={"Accept": "application/json"}, follow_redirects=False)
        assert "`surprise`" in str(said.json()["errors"]), path


def test_signing_in_takes_name_and_password_and_nothing_else(stranger):
    mine = {"name": "ada", "password": PASSWORD}
    for more in ({"role": "admin"}, {"Name": "ada"}, {"csrf": ""}):
        refused = stranger.post("/login", data=mine | more, follow_redirects=False)
        assert is_page(refused, 400)
        assert "set-cookie" not in refused.headers
        assert PASSWORD not in refused.text
    assert stranger.post("/login", data=mine, follow_redirects=False).status_code == 303


def test_a_part_that_is_left_out_signs_nobody_in(stranger):
    for fields in ({}, {"name": "ada"}, {"password": PASSWORD}, {"name": "ada", "password": ""}):
        assert stranger.post("/login", data=fields, follow_redirects=False).status_code == 403


def test_a_password_is_text_whatever_it_looks_like(stranger, database):
    with database.session() as session:
        for name, password in LOOKS_LIKE.items():
            add_person(session, name, Role.SUPPORT, password)
    for name, password in LOOKS_LIKE.items():
        answer = stranger.post("/login", data={"name": name, "password": password}, follow_redirects=False)
        assert answer.status_code == 303, name


@pytest.mark.parametrize("path", [*PAGES, *DOWNLOADS])
def test_a_search_page_with_a_misspelt_field_shows_and_sends_nobody(admin, explainer, path):
    row = explainer.explain_top("u1", 1)[0]
    seed = {"seed": "s"} if path == "/sample" else {}
    answer = admin.see(f"/audit{path}", usr="u2", **seed)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is no parameter &#39;usr&#39; here; there are " in answer.text
    assert row.id not in answer.text


@pytest.mark.parametrize("path", [*PAGES, *DOWNLOADS])
def test_a_search_page_takes_what_its_form_its_links_and_the_choice_of_a_language_send(admin, path):
    page = admin.see(f"/audit{path}").text if path in PAGES else ""
    form = "".join(re.findall('<form[^>]* method="get".*?</form>', page, re.DOTALL))
    own = dict.fromkeys(re.findall(r'<(?:input|select)[^>]* name="(\w+)"', form), "")
    own |= {name: value for name, value in {"n": "3", "by": "day", "version": "writer"}.items() if name in own}
    assert admin.see(f"/audit{path}", **own | {"user": "u1", "lang": "zh"}).status_code == 200
