"""What those who watch the service are told: ids, log lines, metrics and spans, and nothing of anybody."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager

import pytest
from litestar.testing import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client.parser import text_string_to_metric_families

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.access.rates import Rates
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.server.logs import configure_logging
from explainer.server.parts import Parts
from explainer.storage.drafts import SqlDraftCache
from explainer.writing.engines import Draft
from explainer.writing.limits import Limits
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from tests.integration.test_served_writing import Scripted
from tests.pool import GOOD

USER, COMMENT = "u1", "My late uncle loved this film"


@pytest.fixture
def keys(database):
    with database.session() as session:
        return {role: create_key(session, role.value, role) for role in Role}


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


@contextmanager
def client_of(explainer, key, **more):
    with TestClient(create_app(explainer, 4, parts=Parts(**more)), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield client


def access_lines(text):
    found = [json.loads(line) for line in text.splitlines()]
    return [line for line in found if line["logger"] == "explainer.requests"]


# Request ids


@pytest.mark.parametrize("given", ["a", "trace-7.of_Shop", "x" * 64])
def test_a_good_request_id_is_kept(client, given):
    answer = client.get("/v1/explanations/unknown", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given
    assert answer.json()["request_id"] == given
    assert client.get("/health/live", headers={"X-Request-Id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", [b"", b"x" * 65, b"two words", b"a;b", b"<script>", b"\xe2\x98\x83", b"a\tb", None])
def test_any_other_is_replaced_by_a_new_one_for_every_request(client, given):
    headers = {} if given is None else {"X-Request-Id": given}
    answers = [client.get("/v1/explanations/unknown", headers=headers) for _ in range(2)]
    ids = [answer.json()["request_id"] for answer in answers]
    assert ids == [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 2
    assert all(len(one) == 32 and one.isalnum() for one in ids)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/v1/explanations/x", 405), ("POST", "/v1/explanations", 400)],
)
def test_every_problem_has_an_id(client, method, path, status):
    answer = client.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == status
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


# Logs


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


# Metrics


def metrics_of(client, key):
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def of(metrics, name, **labels):
    return metrics.get((name, tuple(sorted(labels.items()))), 0.0)


def test_requests_are_counted_by_route_and_status(explainer, keys):
    with client_of(explainer, keys[Role.APP]) as client:
        for user in ("u1", "u2", "u3"):
            client.get(f"/v1/users/{user}/recommendations")
        client.get("/v1/users/u1/recommendations", params={"k": 0})
        client.get("/no/such/path")
        client.request("BREW", "/coffee")
        found = metrics_of(client, keys[Role.AUDITOR])
        route = "/v1/users/{user}/recommendations"
        assert of(found, "explainer_http_requests_total", method="GET", route=route, status="200") == 3
        assert of(found, "explainer_http_requests_total", method="GET", route=route, status="400") == 1
        assert of(found, "explainer_http_request_seconds_count", method="GET", route=route) == 4
        assert of(found, "explainer_http_request_seconds_bucket", method="GET", route=route, le="+Inf") == 4
        unknown = {"route": "(unknown path)", "status": "404"}
        assert of(found, "explainer_http_requests_total", method="GET", **unknown) == 1
        assert of(found, "explainer_http_requests_total", method="OTHER", **unknown) == 1
        assert of(found, "explainer_queue_places") == 4
        assert of(found, "explainer_queue_places_taken") == 0
        labels = {value for _, labels in found for _, value in labels}
        assert not labels & {"u1", "u2", "u3", "/no/such/path", "BREW"}
        # A second app in the process has counted nothing of this.
        with client_of(explainer, keys[Role.APP]) as other:
            again = metrics_of(other, keys[Role.ADMIN])
            assert of(again, "explainer_http_requests_total", method="GET", route=route, status="200") == 0


def test_only_those_who_may_read_metrics(explainer, keys):
    with client_of(explainer, "rb_wrong") as client:
        assert client.get("/metrics").status_code == 401
        for role, key in keys.items():
            status = client.get("/metrics", headers={"Authorization": f"Bearer {key}"}).status_code
            assert status == (200 if role in {Role.AUDITOR, Role.ADMIN} else 403)


def test_texts_by_source_and_locale_gate_failures_cache_and_engine_are_counted(explainer, database, keys):
    engine = Scripted(lambda prompts: [Draft(GOOD if n % 2 else "{item} has no excuse.") for n in range(len(prompts))])
    worker = BatchingEngine(engine, Limits(backlog=77))
    writer = Writer(PromptLibrary(), load_vocabulary, worker, SqlDraftCache(database))
    watched = Explainer(database, explainer.model, writer)
    with client_of(watched, keys[Role.APP]) as client:
        shown = []
        for user in ("u1", "u1", "u2", "new"):
            answer = client.post("/v1/explanations", json={"user": user, "k": 3}, headers={"Prefer": "wait=20"})
            shown += answer.json()["explanations"]
        client.post("/v1/explanations", json={"user": "u1", "k": 2, "locale": "zh"})
        found = metrics_of(client, keys[Role.ADMIN])
    for source in ("model", "template"):
        number = sum(one["source"] == source for one in shown)
        assert of(found, "explainer_explanations_total", source=source, locale="en") == number
    assert of(found, "explainer_explanations_total", source="template", locale="zh") == 2
    assert len(shown) == 12
    failures = {dict(labels)["rule"] for name, labels in found if name == "explainer_gate_failures_total"}
    assert failures
    assert all(" " not in rule and ":" not in rule for rule in failures)
    assert of(found, "explainer_draft_cache_total", result="hit") >= 3  # u1 asked twice
    assert of(found, "explainer_draft_cache_total", result="miss") >= 3
    assert of(found, "explainer_engine_seconds_total") > 0
    assert of(found, "explainer_worker_events_total", event="batches") == engine.batches
    assert of(found, "explainer_backlog_prompts") == 0
    assert of(found, "explainer_backlog_prompts_limit") == 77


def test_refused_requests_are_counted_by_role(explainer, keys):
    with client_of(explainer, keys[Role.APP], rates=Rates(app=1, sign_in=1)) as client:
        statuses = [client.get("/v1/explanations").status_code for _ in range(5)]
        tries = [client.post("/login", data={"name": "a", "password": "b"}).status_code for _ in range(5)]
        found = metrics_of(client, keys[Role.ADMIN])
    assert of(found, "explainer_rate_limited_requests_total", role="app") == statuses.count(429) >= 3
    assert of(found, "explainer_rate_limited_requests_total", role="sign-in") == tries.count(429) >= 3


# Traces


@pytest.fixture
def spans():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider.get_tracer("test"), exporter.get_finished_spans
    provider.shutdown()


def test_a_request_is_a_span_with_one_for_every_step(explainer, keys, spans):
    tracer, finished = spans
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with client_of(explainer, keys[Role.APP], tracer=tracer) as client:
        headers = {"traceparent": f"00-{trace}-{parent}-01", "baggage": f"comment={COMMENT[-4:]}"}
        client.post("/v1/explanations", json={"user": USER, "k": 2}, headers=headers)
    found = finished()
    (request,) = [span for span in found if span.name == "POST /v1/explanations"]
    assert f"{request.context.trace_id:032x}" == trace
    assert f"{request.parent.span_id:016x}" == parent
    assert dict(request.attributes) == {
        "http.request.method": "POST",
        "http.route": "/v1/explanations",
        "http.response.status_code": 201,
    }
    steps = [span for span in found if span is not request]
    assert [span.name for span in steps] == [
        *("rank", "attribute", "attribute", "write"),
        *("counterfactual", "counterfactual", "store"),
    ]
    assert {span.parent.span_id for span in steps} == {request.context.span_id}
    assert not any(dict(span.attributes) for span in steps)


def test_spans_tell_what_failed_and_nothing_of_anybody(explainer, keys, spans, monkeypatch):
    tracer, finished = spans

    def broken(*_, **__):
        raise ValueError(f"{USER} {COMMENT}")

    monkeypatch.setattr(type(explainer._cases), "_case", broken)
    with client_of(explainer, keys[Role.APP], tracer=tracer) as client:
        assert client.post("/v1/explanations", json={"user": USER, "k": 2}).status_code == 500
        assert client.get(f"/v1/users/{USER}/recommendations").status_code == 200
        assert client.get(f"/{USER}/nowhere").status_code == 404
    found = finished()
    by_name = {span.name: span for span in found}
    assert set(by_name) == {
        "rank",
        "attribute",
        "POST /v1/explanations",
        "GET /v1/users/{user}/recommendations",
        "GET",
    }
    assert by_name["attribute"].attributes["error.type"] == "ValueError"
    for name in ("attribute", "POST /v1/explanations"):
        assert by_name[name].status.status_code is StatusCode.ERROR
        assert not by_name[name].events
    assert by_name["GET"].status.status_code is not StatusCode.ERROR
    told = "".join(span.to_json() for span in found)
    for secret in (USER, COMMENT, keys[Role.APP]):
        assert f'"{secret}' not in told
        assert f"/{secret}" not in told
        assert COMMENT not in told


def test_without_an_sdk_requests_are_answered_as_ever(explainer, keys):
    with client_of(explainer, keys[Role.APP]) as client:
        answer = client.post("/v1/explanations", json={"user": USER, "k": 1}, headers={"traceparent": "rubbish"})
        assert answer.status_code == 201
