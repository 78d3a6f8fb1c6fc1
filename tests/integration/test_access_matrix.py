"""Every role against every handler of the real app: each cell is stated here, and nothing is open by default."""

from __future__ import annotations

import re

import pytest
from litestar import get
from litestar.testing import TestClient
from sqlalchemy import select

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.access.people import add_person
from explainer.server.app import create_app
from explainer.server.auth import COOKIE
from explainer.storage.access_tables import ApiKeyRow
from tests.integration.cells import ALLOWED, API, BODIES, PUBLIC, TOKEN, address_of

A, S, R, U, X = Role.APP, Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
PASSWORD = "three green kettles"


def handlers(app):
    """Return (method, path) of everything the app answers, but for HEAD and OPTIONS, which Litestar adds."""
    return {
        (method, route.path)
        for route in app.routes
        for method in getattr(route, "methods", ())
        if method not in {"HEAD", "OPTIONS"}
    }


def test_every_handler_is_in_the_matrix(explainer):
    stated = [*ALLOWED, *PUBLIC, *TOKEN]
    assert len(stated) == len(set(stated)), "a handler that is in two parts of it"
    assert handlers(create_app(explainer, queue=1)) == set(stated)


def keys_of(database):
    with database.session() as session:
        return {role: create_key(session, role.value, role) for role in Role}


@pytest.fixture
def keys(database):
    return keys_of(database)


@pytest.fixture(scope="module")
def kept(kept_app, kept_database):
    """A client and all roles' keys, for those who only read."""
    with TestClient(kept_app) as client:
        yield client, keys_of(kept_database)


def check_cell(client, keys, cell):
    method, path = cell
    url, body = address_of(path), BODIES.get(path)
    assert client.request(method, url, json=body, follow_redirects=False).status_code in {302, 401}
    for role, key in keys.items():
        answer = client.request(method, url, json=body, headers={"X-API-Key": key}, follow_redirects=False)
        refused = answer.status_code == 403
        assert refused is (role not in ALLOWED[cell]), (role, answer.status_code)
        assert answer.status_code < 500


@pytest.mark.parametrize("cell", sorted(cell for cell in ALLOWED if cell[0] == "GET"), ids=" ".join)
def test_each_role_may_read_what_is_stated_and_nothing_else(kept, cell):
    check_cell(*kept, cell)


@pytest.mark.parametrize("cell", sorted(cell for cell in ALLOWED if cell[0] != "GET"), ids=" ".join)
def test_each_role_may_do_what_is_stated_and_nothing_else(explainer, keys, cell):
    with TestClient(create_app(explainer, queue=2)) as client:
        check_cell(client, keys, cell)


@pytest.mark.parametrize("cell", sorted(TOKEN), ids=" ".join)
def test_what_tokens_open_no_role_opens(explainer, keys, cell):
    method, path = cell
    url = path.replace("{explanation_id:str}", explainer.explain_top("u1", 1)[0].id)
    with TestClient(create_app(explainer, queue=2)) as client:
        for headers in ({}, *({"X-API-Key": key} for key in keys.values())):
            assert client.request(method, url, json=BODIES.get(path), headers=headers).status_code == 401


BY_NAME = {("GET", "/v1/users/u1/export"): "users:export", ("DELETE", "/v1/users/u1"): "users:erase"}


@pytest.mark.parametrize("cell", BY_NAME, ids=" ".join)
def test_an_apps_key_takes_and_erases_nobody_unless_it_was_made_for_that_by_name(explainer, database, keys, cell):
    """A key from before there was such a thing is like one without scopes: it may do none of it."""
    (method, path), scope = cell, BY_NAME[cell]
    with database.session() as session:
        made = {one: create_key(session, one, A, scopes=[one]) for one in BY_NAME.values()}
        held = session.scalar(select(ApiKeyRow.scopes).where(ApiKeyRow.name == A.value))
    assert held is None
    with TestClient(create_app(explainer, queue=1)) as client:
        refused = client.request(method, path, headers={"X-API-Key": keys[A]})
        assert refused.status_code == 403
        assert f"explainer key create NAME --role app --scope {scope}" in refused.json()["detail"]
        for one, key in made.items():
            assert client.request(method, path, headers={"X-API-Key": key}).status_code == (
                200 if one == scope else 403
            )


def test_a_handler_that_names_no_scope_is_closed_even_to_admins(explainer, keys):
    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return "open"

    app = create_app(explainer, queue=1)
    app.register(forgotten)
    with TestClient(app) as client:
        assert client.get("/forgotten", headers={"X-API-Key": keys[Role.ADMIN]}).status_code == 403
        assert client.get("/forgotten").status_code == 403


def login_of(database, role):
    """Return what a new person of a role types into the form."""
    with database.session() as session:
        add_person(session, role.value, role, PASSWORD)
    return {"name": role.value, "password": PASSWORD}


def signed_in(client, database, role):
    """Sign a new person in by the form; return what their forms must carry."""
    answer = client.post("/login", data=login_of(database, role), follow_redirects=True)
    assert answer.status_code == 200
    return re.search('name="csrf" value="([^"]+)"', answer.text)[1]


def test_the_cookie_of_a_page_opens_nothing_of_the_api(explainer, database):
    with TestClient(create_app(explainer, queue=2)) as client:
        csrf = signed_in(client, database, Role.ADMIN)
        opened = {}
        for method, path in sorted(API | TOKEN):
            address, body, headers = address_of(path), BODIES.get(path), {"X-CSRF-Token": csrf}
            answer = client.request(method, address, json=body, headers=headers, follow_redirects=False)
            if answer.status_code != 401:
                opened[method, path] = answer.status_code
        assert opened == {}
        assert client.get("/admin").status_code == 200, "the cookie was good all the while"


def leaving_last(cell):
    return cell == ("POST", "/logout"), cell


@pytest.mark.parametrize("role", Role)
def test_each_person_sees_and_sends_the_pages_of_their_role_and_no_others(explainer, database, role):
    with TestClient(create_app(explainer, queue=2), raise_server_exceptions=False) as client:
        csrf = signed_in(client, database, role)
        token = client.cookies[COOKIE]
        for method, path in sorted(ALLOWED.keys() - API, key=leaving_last):
            form = {"data": {"csrf": csrf}} if method == "POST" else {}
            answer = client.request(method, address_of(path), **form, follow_redirects=False)
            refused = answer.status_code == 403
            assert refused is (role not in ALLOWED[method, path]), (method, path, answer.status_code)
            # 302 leads somebody whom nobody knows to the sign-in page.
            assert answer.status_code not in {302, 401}, (method, path)
            assert answer.status_code < 500, (method, path)
        assert COOKIE not in client.cookies
        client.cookies.set(COOKIE, token)  # as whoever has copied it would
        assert client.get("/start", follow_redirects=False).headers["location"] == "/login", "they have left"


@pytest.mark.parametrize("cell", sorted(PUBLIC), ids=" ".join)
def test_what_is_open_to_all_asks_for_no_key(explainer, database, cell):
    method, path = cell
    form = {"data": login_of(database, Role.APP)} if cell == ("POST", "/login") else {}
    with TestClient(create_app(explainer, queue=1)) as client:
        answer = client.request(method, address_of(path), **form, follow_redirects=False)
    assert answer.status_code in {200, 303}, answer.text
    assert answer.headers.get("location") != "/login"
