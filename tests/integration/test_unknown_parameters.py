"""Parameters that an operation does not take are refused by name, in every operation, so that no filter is lost."""

from __future__ import annotations

import re
from typing import Annotated

import pytest
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.testing import TestClient
from sqlalchemy import func, select

from explainer.access import Role, Scope
from explainer.access.keys import create_key
from explainer.server.app import create_app
from explainer.server.auth import needs
from explainer.storage.explanation_tables import ExplanationRow
from tests.integration.test_server import problem_of

API = ("/v1/", "/embed/", "/metrics")
IDS = {"user": "u1", "explanation_id": "x", "review_id": "x", "behaviour": "x", "tag": "noir"}


@pytest.fixture
def app(explainer):
    return create_app(explainer, queue=4)


@pytest.fixture
def client(app, database):
    with database.session() as session:
        key = create_key(session, "admin", Role.ADMIN)
    with TestClient(app) as made:
        made.headers["X-API-Key"] = key
        yield made


@pytest.fixture
def operations(app):
    """Return (method, address) of every operation that the app serves."""
    found = [
        (method, re.sub(r"{(\w+):\w+}", lambda part: IDS[part[1]], route.path))
        for route in app.routes
        for method in getattr(route, "methods", ())
        if method != "OPTIONS" and route.path.startswith(API)
    ]
    assert len(found) > 35
    return found


@pytest.fixture
def parameters(client):
    """Return address → names of the query parameters that the document tells of, for every GET."""
    document = client.get("/schema/openapi.json").json()
    return {
        re.sub(r"{(\w+)}", lambda part: IDS[part[1]], path): {
            one["name"] for one in item["get"].get("parameters", ()) if one["in"] == "query"
        }
        for path, item in document["paths"].items()
        if "get" in item and path.startswith(API)
    }


def test_a_parameter_that_an_operation_does_not_take_is_refused_by_every_one(client, operations):
    for method, address in operations:
        answer = client.request(method, address, params={"surprise": "u1"}, json={})
        assert "'surprise'" in problem_of(answer, 400), (method, address)
        assert answer.json()["errors"] == [{"message": "Unknown parameter", "key": "surprise", "source": "query"}]


def test_the_refusal_names_the_parameters_that_the_document_tells_of(client, parameters):
    assert {"user", "cursor"} < parameters["/v1/explanations"]
    for address, known in parameters.items():
        detail = problem_of(client.get(address, params={"surprise": ""}), 400)
        there_are = f"there are {', '.join(sorted(known))}" if known else "there are none"
        assert detail == f"There is no parameter 'surprise' here; {there_are}."


def test_no_parameter_that_the_document_tells_of_is_unknown(client, parameters):
    """Each with a value that may well be wrong: what counts is that it is read."""
    for address, known in parameters.items():
        if "export" not in address and known:
            said = client.get(address, params=dict.fromkeys(known, "1"))
            assert "There is no parameter" not in said.text, address


@pytest.mark.parametrize("query", ["User=u1", "user%20=u1", "user=u1&usr=u1", "usr", "=u1", "usr=", "user[]=u1"])
def test_what_is_nearly_a_parameter_is_none(kept_client, query):
    problem_of(kept_client.get(f"/v1/explanations?{query}"), 400)


@pytest.mark.parametrize("query", ["", "user=u1", "user=u1&user=u2", "us%65r=u1", "user=u1&", "user=a%3Db%26c"])
def test_known_ones_work_however_they_are_written(kept_client, query):
    assert kept_client.get(f"/v1/explanations?{query}").status_code == 200


def test_a_misspelt_user_does_not_have_everybody_downloaded(client, explainer):
    rows = explainer.explain_top("u1", 1) + explainer.explain_top("u2", 1)
    answer = client.get("/v1/audit/export.csv", params={"usr": "u1"})
    problem_of(answer, 400)
    assert not any(row.id in answer.text for row in rows)
    asked = client.get("/v1/audit/export.csv", params={"user": "u1"}).text
    assert rows[0].id in asked
    assert rows[1].id not in asked


def test_nothing_is_done_for_a_request_with_an_unknown_parameter(client, database):
    problem_of(client.post("/v1/explanations", params={"wait": 5}, json={"user": "u1", "k": 1}), 400)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(ExplanationRow)) == 0


def test_who_has_no_key_is_told_that_first(client):
    assert client.get("/v1/explanations?usr=u1", headers={"X-API-Key": ""}).status_code == 401


def test_many_and_long_names_make_no_long_answer(client):
    query = "&".join(f"{n}{'x' * 500}=1" for n in range(80))
    answer = client.get(f"/v1/explanations?{query}")
    problem_of(answer, 400)
    assert len(answer.content) < 4_000


def test_a_new_operation_is_covered_with_what_it_takes_through_dependencies(app, client):
    def double(near: Annotated[int, QueryParameter()] = 0) -> int:
        return 2 * near

    doubled = {"far": Provide(double, sync_to_thread=False)}

    @get("/v1/new", opt=needs(Scope.AUDIT), dependencies=doubled, sync_to_thread=False)
    def new(far: NamedDependency[int]) -> int:
        return far

    app.register(new)
    assert client.get("/v1/new", params={"near": 3}).json() == 6
    assert problem_of(client.get("/v1/new", params={"far": 3}), 400).endswith("there are near.")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/login", "/static/app.css", "/embed.js"])
def test_what_anybody_may_ask_is_answered_whatever_somebody_adds_against_caches(kept_client, path):
    assert kept_client.get(path, params={"t": "1"}).status_code == kept_client.get(path).status_code != 400
