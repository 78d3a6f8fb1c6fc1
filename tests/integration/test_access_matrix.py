"""Every role against every handler of the real app: each cell is stated here, and nothing is open by default."""

from __future__ import annotations

import pytest
from litestar import get
from litestar.testing import TestClient

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.server.app import create_app

A, S, R, U, X = Role.APP, Role.SUPPORT, Role.REVIEWER, Role.AUDITOR, Role.ADMIN
ALLOWED = {
    ("POST", "/v1/explanations"): {A, S, X},
    ("GET", "/v1/explanations"): {A, S, R, U, X},
    ("GET", "/v1/explanations/{explanation_id:str}"): {A, S, R, U, X},
    ("GET", "/v1/explanations/{explanation_id:str}/counterfactual"): {A, S, R, U, X},
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
    ("GET", "/v1/audit/sample"): {U, X},
    ("GET", "/v1/audit/series"): {U, X},
    ("GET", "/v1/audit/export.jsonl"): {U, X},
    ("GET", "/v1/audit/export.csv"): {U, X},
    ("GET", "/v1/audit/explanations/{explanation_id:str}"): {U, X},
    ("POST", "/v1/explanations/{explanation_id:str}/feedback"): {A, X},
    ("GET", "/v1/why-not"): {A, S, X},
    ("POST", "/v1/users/{user:str}/preview"): {A, S, X},
    ("GET", "/v1/users/{user:str}/recommendations"): {A, S, X},
    ("GET", "/v1/users/{user:str}/tags"): {A, S, X},
    ("GET", "/v1/users/{user:str}/exclusions"): {A, S, X},
    ("POST", "/v1/users/{user:str}/exclusions"): {A, X},
    ("DELETE", "/v1/users/{user:str}/exclusions/{behaviour:path}"): {A, X},
    ("GET", "/v1/users/{user:str}/settings"): {A, S, X},
    ("PUT", "/v1/users/{user:str}/settings"): {A, X},
    ("DELETE", "/v1/users/{user:str}/tags/{tag:path}"): {A, X},
    ("PUT", "/v1/users/{user:str}/tags/{tag:path}"): {A, X},
    ("GET", "/"): {A, S, X},
    ("GET", "/preview"): {A, S, X},
    ("POST", "/choices/exclude"): {A, X},
    ("POST", "/choices/include"): {A, X},
    ("POST", "/choices/personalisation"): {A, X},
    ("POST", "/feedback"): {A, X},
    ("GET", "/explanations/{explanation_id:str}/waterfall.svg"): {A, S, R, U, X},
    ("GET", "/start"): set(Role),
    ("POST", "/logout"): set(Role),
    ("GET", "/schema"): set(Role),
    ("GET", "/schema/openapi.json"): set(Role),
    ("GET", "/schema/oauth2-redirect.html"): set(Role),
    ("GET", "/schema/{path:str}"): set(Role),
}
PUBLIC = {
    ("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/login"), ("POST", "/login"),
    ("GET", "/static/vendor/htmx.min.js"),
    ("GET", "/static/{file_path:path}"), ("GET", "/docs-assets/{file_path:path}"),
}  # fmt: skip
BODIES = {
    "/v1/explanations": {"user": "u1", "k": 1},
    "/v1/explanations/{explanation_id:str}/feedback": {"kind": "helpful"},
    "/v1/users/{user:str}/preview": {"user": "u1", "exclude": ["i1"], "k": 1},
    "/v1/users/{user:str}/exclusions": {"behaviours": ["i1"]},
    "/v1/users/{user:str}/settings": {"personalised": True},
}


def handlers(app):
    """Return (method, path) of everything the app answers, but for HEAD and OPTIONS, which Litestar adds."""
    return {
        (method, route.path)
        for route in app.routes
        for method in getattr(route, "methods", ())
        if method not in {"HEAD", "OPTIONS"}
    }


def test_every_handler_is_in_the_matrix(explainer):
    assert handlers(create_app(explainer, queue=1)) == ALLOWED.keys() | PUBLIC


@pytest.fixture
def keys(database):
    with database.session() as session:
        return {role: create_key(session, role.value, role) for role in Role}


@pytest.mark.parametrize("cell", sorted(ALLOWED), ids=" ".join)
def test_each_role_may_do_what_is_stated_and_nothing_else(explainer, keys, cell):
    method, path = cell
    url = path.replace("{user:str}", "u1").replace("{tag:path}", "noir").replace("{explanation_id:str}", "unknown")
    with TestClient(create_app(explainer, queue=2)) as client:
        body = BODIES.get(path)
        assert client.request(method, url, json=body, follow_redirects=False).status_code in {302, 401}
        for role, key in keys.items():
            answer = client.request(method, url, json=body, headers={"X-API-Key": key}, follow_redirects=False)
            refused = answer.status_code == 403
            assert refused is (role not in ALLOWED[cell]), (role, answer.status_code)
            assert answer.status_code < 500


def test_a_handler_that_names_no_scope_is_closed_even_to_admins(explainer, keys):
    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return "open"

    app = create_app(explainer, queue=1)
    app.register(forgotten)
    with TestClient(app) as client:
        assert client.get("/forgotten", headers={"X-API-Key": keys[Role.ADMIN]}).status_code == 403
        assert client.get("/forgotten").status_code == 403


def test_the_cookie_of_a_page_does_not_open_the_api(explainer, keys):
    with TestClient(create_app(explainer, queue=1)) as client:
        client.cookies.set("explainer_session", keys[Role.ADMIN])
        assert client.get("/v1/users/u1/recommendations").status_code == 401
