"""Which sites' pages may ask: the shop's for explanations, all for the component, none for anything else."""

from __future__ import annotations

import pytest

from tests.integration.embed.acting import SHOP, ask, bearer


@pytest.fixture(scope="module")
def shop(kept):
    return kept[0]


@pytest.fixture(scope="module")
def key(kept):
    return kept[1]


@pytest.fixture(scope="module")
def row(kept):
    return kept[2]


@pytest.fixture(scope="module")
def token(shop, key, row):
    return bearer(ask(shop, key, row.id).json()["token"])


def test_pages_of_the_shop_may_read_answers_and_errors(shop, row, token):
    for headers in ({"Origin": SHOP} | token, {"Origin": SHOP}):
        answer = shop.get(f"/embed/explanations/{row.id}", headers=headers)
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "Origin" in answer.headers["vary"]
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://shop.example", "https://shop.example:8443", "null", "https://SHOP.example", ""],
)
def test_pages_of_other_sites_may_not(shop, row, token, origin):
    answer = shop.get(f"/embed/explanations/{row.id}", headers={"Origin": origin} | token)
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    before = shop.options(f"/embed/explanations/{row.id}", headers=asked)
    for one in (answer, before):
        assert not [name for name in one.headers if name.startswith("access-control-")]
        assert "Origin" in one.headers["vary"]


def test_a_browser_that_asks_first_is_told_what_it_may(shop, row):
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for path in (f"/embed/explanations/{row.id}", f"/embed/explanations/{row.id}/feedback"):
        answer = shop.options(path, headers=asked)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert answer.headers["access-control-allow-methods"] == "GET, POST"
        assert answer.headers["access-control-allow-headers"] == "Authorization, Content-Type"
        assert "access-control-allow-credentials" not in answer.headers


def test_nothing_else_is_open_to_other_sites(shop, key, row):
    for path in (f"/v1/explanations/{row.id}", "/health/live", "/embed.js", "/login"):
        answer = shop.get(path, headers={"Origin": SHOP} | key)
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_the_component_may_be_loaded_by_any_site_and_is_checked_for_changes(shop):
    answer = shop.get("/embed.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert 'customElements.define("why-this"' in answer.text
    again = shop.get("/embed.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    assert shop.get("/embed.js", headers={"If-None-Match": 'W/"other"'}).status_code == 200
