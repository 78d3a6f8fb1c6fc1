"""What every answer tells the browser, whatever it is an answer to."""

from __future__ import annotations

import re

import pytest
from litestar import get
from litestar.testing import TestClient

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.access.people import add_person
from explainer.server.app import create_app
from explainer.server.auth import PUBLIC
from explainer.server.headers import CROSS_ORIGIN

PASSWORD = "three green kettles"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
ANSWERS = {
    "the API": ("GET", "/v1/explanations", 200),
    "a refusal": ("POST", "/v1/explanations", 400),
    "an unknown record": ("GET", "/v1/explanations/x", 404),
    "an unknown path": ("GET", "/nowhere", 404),
    "an unknown method": ("DELETE", "/v1/explanations", 405),
    "options": ("OPTIONS", "/v1/explanations", 403),
    "health": ("GET", "/health/live", 200),
    "a page": ("GET", "/login", 200),
    "the documentation": ("GET", "/schema", 200),
    "the document": ("GET", "/schema/openapi.json", 200),
    "a file of ours": ("GET", "/static/style.css", 200),
    "a file of the documentation": ("GET", "/docs-assets/swagger-ui.css", 200),
    "an unknown file": ("GET", "/static/nothing.css", 404),
}


def policy(answer):
    parts = (part.split() for part in answer.headers["content-security-policy"].split(";"))
    return {name: values for name, *values in parts}


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_is_hardened(kept_client, method, path, status):
    answer = kept_client.request(method, path)
    assert answer.status_code == status
    for name, value in ALWAYS.items():
        assert answer.headers[name] == value
    assert answer.headers["permissions-policy"].startswith("camera=()")
    rules = policy(answer)
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == ["'none'"]
    assert "'unsafe-inline'" not in rules.get("script-src", [])
    assert "strict-transport-security" not in answer.headers
    is_file = status == 200 and path.startswith(("/static/", "/docs-assets/"))
    assert answer.headers["cache-control"] == ("public, max-age=300" if is_file else "no-store")


def test_a_fault_of_ours_is_hardened_too(explainer, database, monkeypatch):
    with database.session() as session:
        key = create_key(session, "t")
    monkeypatch.setattr(type(explainer), "best", lambda *_: 1 / 0)
    with TestClient(create_app(explainer, queue=1), raise_server_exceptions=False) as client:
        answer = client.get("/v1/users/u1/recommendations", headers={"X-API-Key": key})
    assert answer.status_code == 500
    assert ALWAYS.items() <= dict(answer.headers).items()
    assert answer.headers["cache-control"] == "no-store"


def test_pages_may_run_our_scripts_and_ask_us_and_nothing_else(client, database):
    with database.session() as session:
        add_person(session, "ada", Role.SUPPORT, PASSWORD)
    client.post("/login", data={"name": "ada", "password": PASSWORD})
    for path in ("/login", "/?user=u1"):
        rules = policy(client.get(path))
        assert rules["script-src"] == rules["connect-src"] == rules["style-src"] == rules["form-action"] == ["'self'"]
    assert "script-src" not in policy(client.get("/v1/explanations"))


def test_browsers_that_came_by_https_keep_to_it(explainer):
    with TestClient(create_app(explainer, queue=1), base_url="https://testserver.local") as client:
        assert client.get("/health/live").headers["strict-transport-security"] == "max-age=31536000"


def test_one_handler_can_be_opened_to_other_sites(explainer):
    @get("/other.js", opt=PUBLIC | CROSS_ORIGIN, sync_to_thread=False, media_type="text/javascript")
    def embed() -> str:
        return "1"

    app = create_app(explainer, queue=1)
    app.register(embed)
    with TestClient(app) as client:
        answer = client.get("/other.js")
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert client.get("/static/style.css").headers["cross-origin-resource-policy"] == "same-origin"


def test_the_documentation_has_no_script_of_its_own_in_the_page(kept_client):
    page = kept_client.get("/schema")
    scripts = re.findall(r"<script([^>]*)>([^<]*)</script>", page.text)
    assert len(scripts) == 2
    assert all("src=" in attributes and not content for attributes, content in scripts)
    assert not re.search(r"<style|\son\w+=", page.text)
    assert "/schema/openapi.json" in kept_client.get("/static/docs.js").text


@pytest.mark.parametrize("size", [256 * 1024 + 1, 5_000_000])
@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "in chunks"])
@pytest.mark.parametrize("path", ["/v1/explanations", "/login"])
def test_an_oversized_body_is_refused(kept_client, path, chunked, size):
    body = b"x" * size
    chunks = (body[start : start + 65_536] for start in range(0, size, 65_536))
    kind = "application/json" if path.startswith("/v1") else "application/x-www-form-urlencoded"
    answer = kept_client.post(path, content=chunks if chunked else body, headers={"content-type": kind})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["title"], answer.json()["status"]) == ("Request Entity Too Large", 413)
