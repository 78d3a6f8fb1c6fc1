"""A request is one line of the log, which names its route and nobody."""

from __future__ import annotations

import json
import logging

import pytest

from explainer.access import Role
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.server.logs import configure_logging
from tests.integration.observability.asking import COMMENT, USER, client_of


@pytest.fixture
def configured(capsys):
    """Yield a function that configures the log, and one that returns its lines so far; put all back at the end."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    # The test's own client logs its requests; a service has none.
    clients = {name: logging.getLogger(name).level for name in ("httpx", "httpx2", "httpcore")}
    for name in clients:
        logging.getLogger(name).setLevel(logging.WARNING)

    def start(style):
        configure_logging(style)

    yield start, lambda: capsys.readouterr().err
    root.handlers[:] = before
    root.setLevel(level)
    for name, old in clients.items():
        logging.getLogger(name).setLevel(old)


def access_lines(text):
    found = [json.loads(line) for line in text.splitlines()]
    return [line for line in found if line["logger"] == "explainer.requests"]


def test_a_request_is_one_line_that_names_the_route_and_nobody(explainer, keys, configured):
    start, lines = configured
    start("json")
    with client_of(explainer, keys[Role.APP]) as client:
        answer = client.get(
            f"/v1/users/{USER}/recommendations",
            params={"k": 2},
            headers={"X-Request-Id": "r-1", "Accept-Encoding": "identity"},
        )
    (line,) = access_lines(lines())
    assert line["time"].endswith("+00:00")
    assert line["ms"] > 0
    assert {name: line[name] for name in line.keys() - {"time", "ms"}} == {
        "level": "info",
        "logger": "explainer.requests",
        "message": "GET /v1/users/{user}/recommendations 200",
        "request_id": "r-1",
        "method": "GET",
        "route": "/v1/users/{user}/recommendations",
        "status": 200,
        "role": "app",
        "bytes": len(answer.content),
    }


@pytest.mark.parametrize("style", ["json", "plain"])
def test_nothing_that_a_request_carries_is_in_the_log(explainer, keys, configured, monkeypatch, style):
    start, lines = configured
    start(style)
    key = keys[Role.APP]
    with client_of(explainer, key) as client:
        made = client.post("/v1/explanations", json={"user": USER, "k": 2}).json()["explanations"][0]
        client.post(f"/v1/explanations/{made['id']}/feedback", json={"kind": "wrong", "comment": COMMENT})
        client.post(f"/v1/explanations/{made['id']}/feedback", json={"kind": "no such kind", "comment": COMMENT})
        client.get("/v1/explanations", params={"user": USER, "cursor": COMMENT})
        client.get(f"/{USER}/{key}", headers={"X-Request-Id": f"{COMMENT} "})
        client.post("/login", data={"name": USER, "password": key})
        client.request("GET", f"/v1/users/{USER}/recommendations", params={"k": "x" + COMMENT})

        def broken(*_, **__):
            title = made["title"]
            try:
                raise LookupError(f"{USER} {title} {COMMENT} {key}")
            except LookupError as error:
                raise ValueError(f"{title}: {COMMENT}") from error

        monkeypatch.setattr(Explainer, "explain_top", broken)
        assert client.post("/v1/explanations", json={"user": USER, "k": 1}).status_code == 500
    text = lines()
    assert text.count("explainer.requests") == 8
    # The place of the fault is told, with what caused it, but not in the words of the error.
    assert "builtins.ValueError" in text
    assert "builtins.LookupError" in text
    assert " broken" in text
    for secret in (USER, made["title"], made["text"], made["id"], COMMENT, "uncle", key, key[3:20]):
        assert secret not in text.replace("builtins", ""), secret


def test_a_line_of_the_log_cannot_be_forged(explainer, keys, configured):
    start, lines = configured
    start("json")
    with client_of(explainer, keys[Role.APP]) as client:
        client.get("/%0a%7B%22level%22:%22info%22%7D/x")
        client.request('GET"} {"x', "/v1/explanations")
    text = lines()
    assert [line["route"] for line in access_lines(text)] == ["", ""]
    assert access_lines(text)[1]["method"] == "OTHER"
    assert "%0a" not in text


def test_what_is_logged_outside_of_a_request_has_no_id_and_may_hold_anything(configured):
    start, lines = configured
    start("json")
    logging.getLogger("explainer.x").warning("line\nbreak \ud800 %s", {"a": 1})
    line = json.loads(lines())
    assert (line["request_id"], line["message"]) == (None, "line\nbreak \ud800 {'a': 1}")


def test_an_app_configures_no_log(explainer):
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.getLogger("explainer.requests").level)
    create_app(explainer, queue=1)
    assert (root.handlers[:], root.level, logging.getLogger("explainer.requests").level) == before
