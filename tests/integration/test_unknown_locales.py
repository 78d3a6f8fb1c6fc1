"""A language without texts is refused with those there are, wherever an operation takes one in its address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from litestar.testing import TestClient

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.server.app import create_app
from explainer.service.embed import embed_token
from explainer.writing.style import LOCALES
from tests.integration.test_server import problem_of

STRANGE = ("xx", "EN", "en-GB", "", "../en", "\x00", "中文", "en\n", "e" * 3000)


@pytest.fixture
def row(explainer):
    return explainer.explain_top("u1", 1)[0]


@pytest.fixture
def client(explainer, database, row):
    with database.session() as session:
        key = create_key(session, "admin", Role.ADMIN)
    token = embed_token(database, row.id, timedelta(hours=1)).token
    with TestClient(create_app(explainer, queue=4)) as made:
        made.headers.update({"X-API-Key": key, "Authorization": f"Embed {token}"})
        yield made


@pytest.fixture
def asked(client, row):
    """Return (address, name of the parameter, its schema, statuses) of what takes a language in its address."""
    document = client.get("/schema/openapi.json").json()
    found = [
        (path.replace("{explanation_id}", row.id), one["name"], one["schema"], operation["responses"].keys())
        for path, item in document["paths"].items()
        for operation in item.values()
        for one in operation.get("parameters", ())
        if one["in"] == "query" and one["name"] in {"locale", "lang"}
    ]
    assert {address for address, *_ in found} == {
        "/v1/explanations",
        "/v1/parameters",
        "/v1/audit/sample",
        "/v1/audit/series",
        "/v1/audit/export.jsonl",
        "/v1/audit/export.csv",
        "/v1/audit/package",
        f"/embed/explanations/{row.id}",
    }
    return found


def query(address, **more):
    return more | ({"seed": "s"} if address.endswith("/sample") else {})


def test_an_unknown_language_is_refused_with_the_list_everywhere(client, asked):
    for address, name, _, _ in asked:
        if address != "/v1/audit/package":  # this service has no key to sign one with: 404, and that comes first
            for locale in STRANGE:
                answer = client.get(address, params=query(address, **{name: locale}))
                problem_of(answer, 406)
                assert answer.json()["available"] == list(LOCALES), address
                assert len(answer.content) < 400


def test_the_document_tells_of_the_refusal_and_of_the_languages(asked):
    for address, _, schema, statuses in asked:
        assert schema["enum"] == list(LOCALES), address
        assert "406" in statuses, address


def test_a_known_language_finds_what_was_written_in_it(client, asked, row):
    for locale, found in (("en", [row.id]), ("zh", [])):
        page = client.get("/v1/explanations", params={"locale": locale}).json()
        assert [one["id"] for one in page["explanations"]] == found
    for address, name, _, _ in asked:
        if address != "/v1/audit/package":
            assert client.get(address, params=query(address, **{name: "zh"})).status_code == 200, address
