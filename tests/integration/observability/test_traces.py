"""A request is a span, with one for every step, and says nothing of anybody."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from explainer.access import Role
from tests.integration.observability.asking import COMMENT, USER, client_of


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
