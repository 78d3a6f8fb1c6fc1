"""The OpenAPI document, operation by operation: what it promises is whole, and its examples are what it says."""

from __future__ import annotations

import json
import re

import jsonschema_rs
import pytest
from litestar import get
from litestar.params import FromPath
from litestar.serialization import encode_json

from explainer.access import Scope
from explainer.server.app import create_app
from explainer.server.auth import needs

KEYED = {"400", "401", "403", "429", "503"}


@pytest.fixture
def app(explainer):
    return create_app(explainer, queue=1)


@pytest.fixture
def document(app):
    return document_of(app)


def document_of(app):
    return json.loads(encode_json(app.openapi_schema.to_schema()))


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def missing(document, has):
    return [name for name, operation in operations(document) if not has(operation)]


def resolved(document, part):
    """Return the part itself where it is only referred to."""
    if "$ref" not in part:
        return part
    for step in part["$ref"].removeprefix("#/").split("/"):
        document = document[step]
    return document


def bodies(document):
    """Yield (where, media type, what is said of it) of every body that is taken or given."""
    for name, operation in operations(document):
        parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for part, body in parts.items():
            for media_type, media in resolved(document, body).get("content", {}).items():
                yield f"{name} {part}", media_type, media


def test_everything_that_programs_may_call_is_in_it(app, document):
    served = {
        (method, re.sub(r":\w+}", "}", route.path))
        for route in app.routes
        for method in getattr(route, "methods", ())
        if method not in {"HEAD", "OPTIONS"} and route.path.startswith(("/v1/", "/health/", "/embed/", "/metrics"))
    }
    told = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert told == served


def test_every_operation_has_words_and_a_tag_that_is_explained(document):
    explained = {tag["name"] for tag in document["tags"] if tag["description"]}
    assert not missing(document, lambda o: len(o["summary"]) > 5 and len(o["description"]) > 20)
    assert not missing(document, lambda o: o.get("tags") and explained.issuperset(o["tags"]))


def test_every_parameter_and_body_has_words(document):
    assert not missing(document, lambda o: all(len(p["description"]) > 10 for p in o.get("parameters", ())))
    assert not missing(document, lambda o: "requestBody" not in o or len(o["requestBody"]["description"]) > 10)


def test_operations_are_called_by_method_and_path(document):
    ids = {operation["operationId"] for _, operation in operations(document)}
    assert len(ids) == len(list(operations(document)))
    assert all(re.fullmatch("(get|put|post|delete)(_[a-z]+)+", one) for one in ids)
    assert {"post_explanations", "get_explanation", "get_user_recommendations", "delete_user_tag"} <= ids


def test_who_needs_a_key_and_is_refused_without_is_told(document):
    schemes = document["components"]["securitySchemes"]
    assert {name: scheme["type"] for name, scheme in schemes.items()} == {
        "ApiKey": "apiKey",
        "Bearer": "http",
        "Embed": "apiKey",
    }
    for name, operation in operations(document):
        path, statuses = name.split()[1], set(operation["responses"])
        if path.startswith("/health/"):
            assert (operation["security"], statuses - {"200", "503"}) == ([], set())
            assert "Needs no key." in operation["description"]
        elif path.startswith("/embed/"):
            assert operation["security"] == [{"Embed": []}]
            assert "Needs no key, but a token" in operation["description"]
            assert statuses & KEYED == {"400", "401", "503"}
        else:
            assert operation["security"] == [{"ApiKey": []}, {"Bearer": []}]
            assert "Roles: " in operation["description"]
            assert statuses >= KEYED, name


def test_what_takes_a_body_says_what_becomes_of_a_bad_one_and_nothing_promises_422(document):
    assert not missing(document, lambda o: "requestBody" not in o or {"400", "413", "409"} <= set(o["responses"]))
    assert not missing(document, lambda o: "parameters" not in o or "400" in o["responses"])
    assert not missing(document, lambda o: not {"422", "500"} & set(o["responses"]))


def test_refusals_are_problems_that_say_when_to_come_back(document):
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400" and (name, status) != ("GET /health/ready", "503"):
                said = resolved(document, response)
                assert set(said["content"]) == {"application/problem+json"}, name
                assert ("Retry-After" in said["headers"]) is (status in {"429", "503"})


def test_every_body_has_an_example_that_is_what_its_schema_says(document):
    without = []
    for where, media_type, media in bodies(document):
        examples = media.get("examples")
        if not examples:
            without.append(where)
        elif "json" in media_type:
            schema = {**media["schema"], "components": document["components"]}
            validator = jsonschema_rs.validator_for(schema, validate_formats=True)
            for example in examples.values():
                validator.validate(example["value"])
    assert not without, "add an example to explainer/server/document/examples"


def test_a_handler_that_says_nothing_of_refusals_has_them_in_the_document(app):
    @get("/v1/things/{thing:str}", opt=needs(Scope.AUDIT), sync_to_thread=False)
    def new(thing: FromPath[str]) -> None:
        """Do it."""

    app.register(new)
    operation = document_of(app)["paths"]["/v1/things/{thing}"]["get"]
    assert operation["operationId"] == "get_thing"
    assert set(operation["responses"]) == {"200", "404"} | KEYED
    assert operation["description"] == "Do it.\n\nRoles: auditor, admin."
