"""The API through a real app: answers, errors, keys, and nothing from elsewhere."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.access.people import add_person
from explainer.errors import BusyError
from explainer.server.admission import Admission
from explainer.server.app import create_app
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.explanation_tables import ExplanationRow
from tests.integration.problems import problem_of
from tests.integration.staff import PASSWORD


def test_explain_then_read_gives_the_same_record(client):
    made = client.post("/v1/explanations", json={"user": "u1", "k": 2})
    assert made.status_code == 201
    first, second = made.json()["explanations"]
    assert (first["rank"], second["rank"]) == (1, 2)
    assert first["evidence"][0]["reasons"]
    assert set(first["versions"]) == {"recommender", "writer", "prompt", "prompt_hash"}
    assert client.get(f"/v1/explanations/{first['id']}").json() == first


def test_explain_one_item_and_several(client):
    top = [r["item"] for r in client.get("/v1/users/u1/recommendations", params={"k": 3}).json()["recommendations"]]
    one = client.post("/v1/explanations", json={"user": "u1", "item": top[1]}).json()["explanations"]
    assert [e["item"] for e in one] == [top[1]]
    assert one[0]["rank"] == 2
    several = client.post("/v1/explanations", json={"user": "u1", "items": top}).json()["explanations"]
    assert [e["item"] for e in several] == top


def test_recommendations_and_cold_start(client):
    warm = client.get("/v1/users/u1/recommendations").json()
    assert (warm["user"], warm["cold_start"], len(warm["recommendations"])) == ("u1", False, 10)
    cold = client.get("/v1/users/new%20one/recommendations").json()
    assert (cold["user"], cold["cold_start"], len(cold["recommendations"])) == ("new one", True, 10)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"user": "u1", "item": "nope"}, 404, "nope"),
        ({"user": "u1"}, 400, "Validation"),
        ({"user": "u1", "k": 1, "item": "i1"}, 400, "Validation"),
        ({"user": "", "k": 1}, 400, "Validation"),
        ({"user": "u1", "k": 0}, 400, "Validation"),
        ({"user": "u1", "k": 51}, 400, "Validation"),
        ({"user": "u1", "k": "many"}, 400, "Validation"),
        ({"user": "x" * 201, "k": 1}, 400, "Validation"),
        ({"user": "u1", "k": 1, "extra": 1}, 400, "Validation"),
        ({"user": "u1", "k": 1, "locale": "xx"}, 406, "locale 'xx'; known are en, zh"),
        ({"user": "u1", "k": 1, "locale": "../en"}, 406, "known are en, zh"),
        ({"user": "u1", "k": "1"}, 400, "Validation"),
        ({"user": "u1", "k": True}, 400, "Validation"),
        ({"user": 1, "k": 1}, 400, "Validation"),
        ({"user": "u1", "k": 1, "audience": "boss"}, 400, "known are customer, support, auditor"),
        ({"user": "u1", "k": 1, "surface": "<b>"}, 400, "Validation"),
        ([], 400, "Validation"),
    ],
)
def test_bad_requests_are_problems(client, body, status, words):
    assert words in problem_of(client.post("/v1/explanations", json=body), status)


def test_chinese_readers_get_chinese(client):
    answer = client.post("/v1/explanations", json={"user": "u1", "k": 1, "locale": "zh"})
    assert answer.status_code == 201
    (shown,) = answer.json()["explanations"]
    assert (shown["locale"], shown["source"]) == ("zh", "template")
    assert "您" in shown["text"]
    listed = client.post(
        "/v1/users/u1/preview", json={"exclude": [shown["evidence"][0]["item"]], "k": 1, "locale": "zh"}
    )
    assert "您" in listed.json()["recommendations"][0]["text"]
    refused = client.post("/v1/users/u1/preview", json={"exclude": ["x"], "locale": "xx"})
    assert refused.status_code == 406
    assert "known are en, zh" in refused.text


def test_broken_json_and_huge_bodies(client):
    headers = {"content-type": "application/json"}
    problem_of(client.post("/v1/explanations", content=b'{"user"', headers=headers), 400)
    problem_of(client.post("/v1/explanations", content=b'{"user": "' + b"x" * 300_000 + b'"}', headers=headers), 413)


def test_a_met_item_is_a_conflict(client, dataset):
    met = next(b.item for b in dataset.behaviours if b.user == "u1")
    assert "met" in problem_of(client.post("/v1/explanations", json={"user": "u1", "item": met}), 409)


def test_unknown_records_and_paths(client):
    assert "no-such" in problem_of(client.get("/v1/explanations/no-such"), 404)
    problem_of(client.get("/v1/nothing"), 404)
    problem_of(client.delete("/v1/explanations/x"), 405)


@pytest.mark.parametrize(
    "headers", [{}, {"X-API-Key": "rb_wrong"}, {"Authorization": "Bearer rb_wrong"}, {"X-API-Key": "☃"}]
)
@pytest.mark.parametrize("path", ["/v1/explanations/x", "/v1/users/u1/recommendations"])
def test_without_a_key_there_is_nothing(client, headers, path):
    client.headers.pop("X-API-Key")
    encoded = {name: value.encode("utf-8") for name, value in headers.items()}
    answer = client.get(path, headers=encoded)
    problem_of(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_bearer_token_works_and_a_replaced_key_does_not(client, database):
    key = client.headers.pop("X-API-Key")
    assert client.get("/v1/users/u1/recommendations", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    with database.session() as session:
        create_key(session, "test")
    assert client.get("/v1/users/u1/recommendations", headers={"X-API-Key": key}).status_code == 401


def test_the_cookie_opens_the_page_but_not_the_api(client, database):
    key = client.headers.pop("X-API-Key")
    with database.session() as session:
        add_person(session, "ada", Role.SUPPORT, PASSWORD)
    assert client.get("/", follow_redirects=False).headers["location"] == "/login"
    assert client.post("/login", data={"key": key}).status_code == 400
    for wrong in ({"name": "ada"}, {"name": "ada", "password": key}, {"name": "eve", "password": PASSWORD}):
        assert client.post("/login", data=wrong).status_code == 403
    answer = client.post("/login", data={"name": "ada", "password": PASSWORD}, follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/").status_code == 200
    assert client.get("/v1/users/u1/recommendations").status_code == 401
    token = client.cookies["explainer_session"]
    assert client.post("/logout").status_code == 403, "without the form's token nobody is signed out"
    client.post("/logout", data={"csrf": re.search('name="csrf" value="([^"]+)"', client.get("/").text)[1]})
    client.cookies.set("explainer_session", token)
    assert client.get("/", follow_redirects=False).status_code == 302


def test_wrong_passwords_are_counted_and_then_even_the_right_one_waits(client, database):
    with database.session() as session:
        add_person(session, "ada", Role.SUPPORT, PASSWORD)
    for _ in range(5):
        assert client.post("/login", data={"name": "ada", "password": "wrong"}).status_code == 403
    assert client.post("/login", data={"name": "ada", "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_another_site_signs_nobody_in_or_out(client, path):
    answer = client.post(path, data={"name": "a", "password": "b"}, headers={"Sec-Fetch-Site": "cross-site"})
    problem_of(answer, 403)


def test_health_needs_no_key(client, database):
    client.headers.pop("X-API-Key")
    assert client.get("/health/live").json()["status"] == "live"
    assert client.get("/health/ready").json() == {"status": "ready", "reasons": []}
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert "explainer migrate" in answer.json()["reasons"][0]


def test_the_schema_is_complete_and_its_page_loads_nothing_from_elsewhere(client):
    schema = client.get("/schema/openapi.json").json()
    assert {"/v1/explanations", "/v1/explanations/{explanation_id}", "/health/ready"} <= set(schema["paths"])
    assert not [path for path in schema["paths"] if not path.startswith(("/v1/", "/health/", "/embed/", "/metrics"))]
    assert schema["components"]["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"
    page = client.get("/schema")
    links = re.findall(r"""(?:src|href)=['"]([^'"]+)""", page.text)
    assert links
    assert all(link.startswith("/") for link in links)
    assert all(client.get(link).status_code == 200 for link in links)
    client.headers.pop("X-API-Key")
    assert client.get("/schema", follow_redirects=False).status_code == 302


def test_a_full_queue_says_when_to_come_back(client, monkeypatch):
    def full(_):
        raise BusyError("Too many", retry_after_s=7)

    monkeypatch.setattr(Admission, "place", full)
    answer = client.post("/v1/users/u1/preview", json={"exclude": ["i1"], "k": 1})
    problem_of(answer, 503)
    assert answer.headers["retry-after"] == "7"
    at_once = client.post("/v1/explanations", json={"user": "u1", "k": 1}, headers={"Prefer": "wait=5"})
    assert at_once.status_code == 201, "who would have waited for a better text gets one without waiting"
    assert "preference-applied" not in at_once.headers


def test_admission_lets_in_as_many_as_it_has_places():
    admission = Admission(2)
    with admission.place(), admission.place(), pytest.raises(BusyError), admission.place():
        pass
    with admission.place():
        pass


def test_many_at_once_on_a_fresh_database_all_get_their_texts(client, database):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: client.post("/v1/explanations", json={"user": f"u{n}", "k": 2}), range(16)))
    busy = [a for a in answers if a.status_code == 503]
    made = [a.json()["explanations"] for a in answers if a.status_code == 201]
    assert len(busy) + len(made) == 16
    assert made
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(ExplanationRow)) == 2 * len(made)
        shown = select(func.count()).select_from(AuditEntryRow).where(AuditEntryRow.event == "explanation.created")
        assert session.scalar(shown) == 2 * len(made)


def test_a_fault_of_ours_is_a_500_without_details(explainer, database, monkeypatch):
    with database.session() as session:
        key = create_key(session, "t")
    monkeypatch.setattr(type(explainer), "explain_top", lambda *_, **__: 1 / 0)
    app = create_app(explainer, queue=4)
    with TestClient(app, raise_server_exceptions=False) as made:
        made.headers["X-API-Key"] = key
        detail = problem_of(made.post("/v1/explanations", json={"user": "u1", "k": 1}), 500)
    assert "division" not in detail


def test_the_picture_of_an_explanation_is_for_those_with_a_key(client):
    made = client.post("/v1/explanations", json={"user": "u1", "k": 1}).json()["explanations"][0]
    path = f"/explanations/{made['id']}/waterfall.svg"
    answer = client.get(path)
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert answer.headers["cache-control"] == "no-store"
    said = ElementTree.fromstring(answer.text).findtext("{http://www.w3.org/2000/svg}desc")
    assert all(f"{cited['title']} (cited)" in said for cited in made["evidence"])
    assert "no-such" in problem_of(client.get("/explanations/no-such/waterfall.svg"), 404)
    client.headers.pop("X-API-Key")
    assert client.get(path, follow_redirects=False).headers["location"] == "/login"


def test_pages_escape_what_they_show(client):
    page = client.get("/", params={"user": "<img src=x onerror=alert(1)>"})
    assert "<img src=x" not in page.text
    assert "&lt;img src=x" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_a_preview_shows_the_list_without_a_behaviour_and_stores_nothing(client, explainer, database):
    first = client.post("/v1/explanations", json={"user": "u1", "k": 3}).json()["explanations"][0]
    without = first["counterfactual"]["behaviours"] or [first["evidence"][0]["behaviour_id"]]
    with database.session() as session:
        stored = session.scalar(select(func.count()).select_from(ExplanationRow))
    answer = client.post("/v1/users/u1/preview", json={"exclude": without, "k": 3})
    assert answer.status_code == 200
    shown = answer.json()
    assert shown["exclude"] == without
    assert [r["rank"] for r in shown["recommendations"]] == [1, 2, 3]
    assert all(r["text"] for r in shown["recommendations"])
    if first["counterfactual"]["behaviours"]:
        assert first["item"] in shown["gone"]
        assert any(r["was"] is None for r in shown["recommendations"])
        assert first["counterfactual"]["replacement"] in {r["item"] for r in shown["recommendations"]}
    met = set(explainer.history("u1").items())
    assert not met & {r["item"] for r in shown["recommendations"]}
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(ExplanationRow)) == stored


def test_a_preview_by_item_and_without_everything(client, explainer):
    items = list(explainer.history("u1").items())
    shown = client.post("/v1/users/u1/preview", json={"exclude": items, "k": 2}).json()
    assert len(shown["exclude"]) == len(explainer.history("u1"))
    assert [r["was"] for r in shown["recommendations"]] != [1, 2] or shown["gone"] == []


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"exclude": ["no such thing"]}, 404, "Name 1 of 1"),
        ({"exclude": []}, 400, "Validation"),
        ({"exclude": ["i1"], "k": 0}, 400, "Validation"),
        ({}, 400, "Validation"),
    ],
)
def test_a_preview_of_nonsense_is_a_clear_error(client, body, status, words):
    assert words in problem_of(client.post("/v1/users/u1/preview", json=body), status)
