"""What nobody should send, sent to every operation that takes it; more of it in the tests of each feature."""

from __future__ import annotations

import jsonschema_rs
import pytest
from sqlalchemy import delete

from explainer.access import Role
from explainer.server.app import create_app
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.writing.style import LOCALES
from tests.integration.client import client_of
from tests.integration.problems import problem_of

VALUES = (None, True, 0, 3, 3.5, -1, "", "3", "true", [], [0], {}, {"id": "x"})
BATCHES = {"put_items", "post_behaviours"}


@pytest.fixture(scope="module")
def client(kept_app, kept_database):
    with client_of(kept_app, kept_database, Role.ADMIN) as made:
        yield made


@pytest.fixture
def own(explainer, database):
    with client_of(create_app(explainer, queue=4), database, Role.ADMIN) as made:
        yield made


@pytest.fixture(scope="module")
def bodies(client):
    """Return (method, address, example, schema of the body) of every operation that takes one and a key."""
    document = client.get("/schema/openapi.json").json()
    found = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if "requestBody" in operation and path.startswith("/v1/"):
                media = operation["requestBody"]["content"]["application/json"]
                example = next(iter(media["examples"].values()))["value"]
                schema = {**media["schema"], "components": document["components"]}
                address = path.replace("{user}", "u1").replace("{explanation_id}", "x").replace("{review_id}", "x")
                found.append((operation["operationId"], method.upper(), address, example, schema))
    assert len(found) > 8
    return found


def test_unknown_fields_are_refused_in_every_body_by_name(client, bodies):
    for _, method, address, example, _ in bodies:
        answer = client.request(method, address, json=example | {"surprise": 1})
        problem_of(answer, 400)
        assert "surprise" in answer.json()["errors"][0]["message"], address


def test_what_a_schema_forbids_is_refused_in_every_field_of_every_body(client, bodies):
    refused = 0
    for name, method, address, example, schema in bodies:
        valid = jsonschema_rs.validator_for(schema).is_valid
        assert valid(example)
        for field in example:
            for value in VALUES:
                body = example | {field: value}
                if not valid(body) and not (name in BATCHES and isinstance(value, list) and value):
                    answer = client.request(method, address, json=body)
                    unknown_language = field == "locale" and isinstance(value, str)
                    assert answer.status_code == (406 if unknown_language else 400), body
                    refused += 1
    assert refused > 100


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"text"', b"{", b"\xff", b'{"user": "\\ud800", "k": 1}'])
def test_what_is_no_object_is_refused_in_every_body(client, bodies, body):
    for name, method, address, _, _ in bodies:
        if name != "post_explanation_embed_token":  # its body may be left out
            answer = client.request(method, address, content=body, headers={"Content-Type": "application/json"})
            problem_of(answer, 400)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"user": "u1", "k": "3"}, "k"),
        ({"user": "u1", "k": True}, "k"),
        ({"user": "u1", "k": 2.5}, "k"),
        ({"user": 1, "k": 1}, "user"),
        ({"user": "u1", "items": "i1"}, "items"),
        ({"user": "u1", "items": ["i1", 2]}, "items[1]"),
    ],
)
def test_a_wrong_type_is_refused_with_its_place_and_never_read_as_the_right_one(client, body, key):
    answer = client.post("/v1/explanations", json=body)
    problem_of(answer, 400)
    (error,) = answer.json()["errors"]
    assert (error["key"], error["source"]) == (key, "body")
    assert error["message"].startswith("Expected")


@pytest.mark.parametrize("value", [0, 1, "false", "true", "", None])
def test_what_is_no_yes_or_no_does_not_switch_personalisation(client, value):
    problem_of(client.put("/v1/users/u1/settings", json={"personalised": value}), 400)
    assert client.get("/v1/users/u1/settings").json()["changed_at"] is None


def test_bodies_that_are_too_large_are_refused_before_they_are_read_by_every_operation(client, bodies):
    def pieces():
        for _ in range(40):
            yield b" " * 8192

    for name, method, address, _, _ in bodies:
        if name not in BATCHES:
            headers = {"Content-Type": "application/json"}
            problem_of(client.request(method, address, content=b" " * 300_000, headers=headers), 413)
            problem_of(client.request(method, address, content=pieces(), headers=headers), 413)


@pytest.mark.parametrize("k", ["51", "9223372036854775808", "1" + "0" * 400, "-1", "0", "1.5", "NaN", "ten", ""])
def test_a_list_without_end_is_refused(client, k):
    for address in ("/v1/users/u1/recommendations", "/v1/why-not?user=u1&item=i1"):
        problem_of(client.get(address, params={"user": "u1", "item": "i1", "k": k}), 400)


@pytest.mark.parametrize("k", ["51", "9223372036854775808", "1" + "0" * 400, "-1", "0"])
def test_a_list_without_end_is_refused_in_a_body_too(client, k):
    for address, body in (
        ("/v1/explanations", f'{{"user": "u1", "k": {k}}}'),
        ("/v1/users/u1/preview", f'{{"exclude": ["i1"], "k": {k}}}'),
    ):
        problem_of(client.post(address, content=body, headers={"Content-Type": "application/json"}), 400)


@pytest.mark.parametrize("locale", ["xx", "EN", "en-GB", "", "../en", "\x00", "中文"])
def test_a_language_without_texts_is_refused_everywhere_with_those_there_are(client, locale):
    for answer in (
        client.post("/v1/explanations", json={"user": "u1", "k": 1, "locale": locale}),
        client.post("/v1/users/u1/preview", json={"exclude": ["i1"], "locale": locale}),
        client.get("/v1/parameters", params={"locale": locale}),
    ):
        problem_of(answer, 406)
        assert answer.json()["available"] == list(LOCALES)


@pytest.mark.parametrize(
    "address",
    [
        "/v1/users/%FF/recommendations",
        "/v1/users/%ED%A0%80/settings",
        "/v1/users/u1/tags/%C0%AF",
        "/v1/explanations/%80",
        "/v1/explanations?user=%FF",
        "/v1/why-not?user=u1&item=%E4%B8",
        "/metrics?%FF",
    ],
)
def test_an_address_that_is_no_utf8_is_refused_and_not_read_as_another(client, address):
    method = "DELETE" if "/tags/" in address else "GET"
    assert "not UTF-8" in problem_of(client.request(method, address), 400)


def test_an_address_in_any_script_is_read_as_it_is(client):
    assert client.get("/v1/users/%E4%B8%AD%20%F0%9F%9A%80/settings").json()["user"] == "中 🚀"


@pytest.mark.parametrize(
    "search",
    [
        {"since": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31T23:59:59-14:00"},
        {"since": "253402300800"},
        {"since": "0"},
        {"until": "2026-01-31"},
        {"since": "2026-02-30T00:00:00Z"},
        {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2026-01-01T02:00:00+02:00", "until": "2026-01-01T00:00:00"},
    ],
)
def test_moments_that_no_search_can_begin_or_end_at_are_refused(client, search):
    problem_of(client.get("/v1/explanations", params=search), 400)


def test_a_cursor_whose_place_is_gone_goes_on_from_there(own, database):
    def page(cursor=None):
        params = {"limit": 5} | ({"cursor": cursor} if cursor else {})
        found = own.get("/v1/users/u1/behaviours", params=params).json()
        return [b["id"] for b in found["behaviours"]], found["next"]

    first, cursor = page()
    second, _ = page(cursor)
    with database.session() as session:
        session.execute(delete(BehaviourRow).where(BehaviourRow.id.in_(first)))
    assert page(cursor)[0] == second


def test_a_cursor_of_another_list_is_refused(client):
    cursor = client.get("/v1/users/u1/behaviours", params={"limit": 1}).json()["next"]
    for address in ("/v1/explanations", "/v1/reviews", "/v1/users/u1/views"):
        assert "begin again" in problem_of(client.get(address, params={"cursor": cursor}), 400)
