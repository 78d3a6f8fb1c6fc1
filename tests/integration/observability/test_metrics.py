"""What is counted, and who may read it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from explainer.access import Role
from explainer.access.rates import Rates
from explainer.pipeline import Explainer
from explainer.storage.drafts import SqlDraftCache
from explainer.writing.engines import Draft
from explainer.writing.limits import Limits
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from tests.integration.observability.asking import client_of
from tests.integration.served_writing import Scripted
from tests.pool import GOOD


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
