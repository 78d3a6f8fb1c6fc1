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

A, S, R, U, X = Role.APP, Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
ALLOWED = {
    ("POST", "/v1/explanations"): {A, S, X},
    ("GET", "/v1/explanations"): {A, S, R, U, X},
    ("GET", "/v1/explanations/{explanation_id:str}"): {A, S, R, U, X},
    ("GET", "/v1/explanations/{explanation_id:str}/counterfactual"): {A, S, R, U, X},
    ("GET", "/v1/explanations/{explanation_id:str}/events"): {A, S, R, U, X},
    ("GET", "/v1/explanations/{explanation_id:str}/replay"): {A, S, R, U, X},
    ("GET", "/audit"): {U, X},
    ("GET", "/audit/sample"): {U, X},
    ("GET", "/audit/charts"): {U, X},
    ("GET", "/audit/check"): {U, X},
    ("GET", "/audit/explanations/{explanation_id:str}"): {U, X},
    ("GET", "/audit/explanations/{explanation_id:str}/replay"): {U, X},
    ("GET", "/audit/export.jsonl"): {U, X},
    ("GET", "/audit/export.csv"): {U, X},
    ("GET", "/v1/audit/status"): {U, X},
    ("GET", "/v1/audit/proofs/inclusion"): {U, X},
    ("GET", "/v1/audit/proofs/consistency"): {U, X},
    ("GET", "/v1/audit/checkpoints"): {U, X},
    ("GET", "/v1/audit/checkpoints/latest"): {U, X},
    ("GET", "/v1/audit/sample"): {U, X},
    ("GET", "/v1/audit/series"): {U, X},
    ("GET", "/v1/audit/package"): {U, X},
    ("GET", "/v1/audit/report"): {U, X},
    ("GET", "/audit/report"): {U, X},
    ("GET", "/audit/report.html"): {U, X},
    ("GET", "/audit/package.zip"): {U, X},
    ("GET", "/v1/audit/export.jsonl"): {U, X},
    ("GET", "/v1/audit/export.csv"): {U, X},
    ("GET", "/v1/audit/explanations/{explanation_id:str}"): {U, X},
    ("POST", "/v1/explanations/{explanation_id:str}/feedback"): {A, X},
    ("POST", "/v1/explanations/{explanation_id:str}/embed-token"): {A, S, X},
    ("GET", "/v1/why-not"): {A, S, X},
    ("POST", "/v1/users/{user:str}/preview"): {A, S, X},
    ("GET", "/v1/users/{user:str}/recommendations"): {A, S, X},
    ("GET", "/v1/users/{user:str}/tags"): {A, S, X},
    ("GET", "/v1/users/{user:str}/exclusions"): {A, S, X},
    ("POST", "/v1/users/{user:str}/exclusions"): {A, X},
    ("DELETE", "/v1/users/{user:str}/exclusions/{behaviour:path}"): {A, X},
    ("GET", "/v1/users/{user:str}/settings"): {A, S, X},
    ("PUT", "/v1/users/{user:str}/settings"): {A, X},
    ("GET", "/v1/users/{user:str}/export"): {X},
    ("DELETE", "/v1/users/{user:str}"): {X},
    ("DELETE", "/v1/users/{user:str}/tags/{tag:path}"): {A, X},
    ("PUT", "/v1/users/{user:str}/tags/{tag:path}"): {A, X},
    ("GET", "/v1/reviews"): {R, X},
    ("GET", "/v1/reviews/{review_id:str}"): {R, X},
    ("POST", "/v1/reviews/{review_id:str}/verdict"): {R, X},
    ("POST", "/v1/explanations/{explanation_id:str}/suppress"): {S, X},
    ("GET", "/v1/users/{user:str}/views"): {U, X},
    ("PUT", "/v1/items"): {A, X},
    ("POST", "/v1/behaviours"): {A, X},
    ("GET", "/v1/users/{user:str}/behaviours"): {A, S, X},
    ("GET", "/v1/parameters"): set(Role),
    ("GET", "/"): {A, S, X},
    ("GET", "/preview"): {A, S, X},
    ("POST", "/choices/exclude"): {A, X},
    ("POST", "/choices/include"): {A, X},
    ("POST", "/choices/personalisation"): {A, X},
    ("POST", "/feedback"): {A, X},
    ("GET", "/data/export"): {X},
    ("GET", "/data/erase"): {X},
    ("POST", "/data/erase"): {X},
    ("GET", "/explanations/{explanation_id:str}/waterfall.svg"): {A, S, R, U, X},
    ("GET", "/start"): set(Role),
    ("POST", "/logout"): set(Role),
    ("GET", "/support"): {S, X},
    ("POST", "/support/purpose"): {S, X},
    ("GET", "/support/explanations/{explanation_id:str}"): {S, X},
    ("POST", "/support/explanations/{explanation_id:str}/suppress"): {S, X},
    ("GET", "/review"): {R, X},
    ("GET", "/review/{review_id:str}"): {R, X},
    ("POST", "/review/{review_id:str}/verdict"): {R, X},
    ("GET", "/admin"): {X},
    ("GET", "/admin/keys"): {X},
    ("POST", "/admin/keys"): {X},
    ("POST", "/admin/keys/rotate"): {X},
    ("POST", "/admin/keys/revoke"): {X},
    ("GET", "/admin/people"): {X},
    ("POST", "/admin/people"): {X},
    ("POST", "/admin/people/disable"): {X},
    ("POST", "/admin/people/remove"): {X},
    ("POST", "/admin/people/password"): {X},
    ("GET", "/admin/versions"): {X},
    ("POST", "/admin/versions/adapters/promote"): {X},
    ("POST", "/admin/versions/adapters/rollback"): {X},
    ("POST", "/admin/versions/prompts/promote"): {X},
    ("POST", "/admin/versions/prompts/rollback"): {X},
    ("GET", "/metrics"): {U, X},
    ("GET", "/schema"): set(Role),
    ("GET", "/schema/openapi.json"): set(Role),
    ("GET", "/schema/{path:str}"): set(Role),
}
PUBLIC = {
    ("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/login"), ("POST", "/login"),
    ("GET", "/static/vendor/htmx.min.js"), ("GET", "/embed.js"),
    ("GET", "/static/{file_path:path}"), ("GET", "/docs-assets/{file_path:path}"),
}  # fmt: skip
TOKEN = {
    ("GET", "/embed/explanations/{explanation_id:str}"),
    ("POST", "/embed/explanations/{explanation_id:str}/feedback"),
}
"""Open to the guard, and closed by themselves to whoever has no token for that explanation."""
API = {cell for cell in ALLOWED if cell[1].startswith("/v1/") or cell[1] == "/metrics"}
"""For programs alone; all other cells are pages, which somebody who has signed in may see with their cookie."""
PASSWORD = "three green kettles"
BODIES = {
    "/v1/explanations": {"user": "u1", "k": 1},
    "/v1/explanations/{explanation_id:str}/feedback": {"kind": "helpful"},
    "/v1/reviews/{review_id:str}/verdict": {"verdict": "good"},
    "/v1/explanations/{explanation_id:str}/suppress": {"reason": "Not true."},
    "/v1/users/{user:str}/preview": {"user": "u1", "exclude": ["i1"], "k": 1},
    "/v1/users/{user:str}/exclusions": {"behaviours": ["i1"]},
    "/v1/users/{user:str}/settings": {"personalised": True},
    "/v1/items": {"items": [{"id": "new", "title": "New"}]},
    "/v1/behaviours": {"behaviours": [{"user": "u1", "item": "i1", "kind": "view"}]},
    "/embed/explanations/{explanation_id:str}/feedback": {"kind": "helpful"},
}


PLACES = {
    "{user:str}": "u1",
    "{tag:path}": "noir",
    "{behaviour:path}": "i1",
    "{explanation_id:str}": "unknown",
    "{review_id:str}": "unknown",
    "/schema/{path:str}": "/schema/openapi.json",
    "/static/{file_path:path}": "/static/style.css",
    "/docs-assets/{file_path:path}": "/docs-assets/swagger-ui.css",
}


def address_of(path):
    """Return an address that a handler's path stands for."""
    for place, value in PLACES.items():
        path = path.replace(place, value)
    return path


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
