"""A text at once, a better one when the model has written it; what was shown stays as it was shown."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from explainer.access.keys import create_key
from explainer.errors import EngineUnavailable
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.server.prefer import preferred_wait
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobPolicy, JobQueue
from explainer.service.subject.erase import Erasing, erase
from explainer.service.suppress import suppress
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.drafts import SqlDraftCache
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.job_tables import JobRow
from explainer.storage.jobs import COUNTERFACTUAL, UPGRADE
from explainer.storage.reading_tables import RevisionRow, UpgradeRow
from explainer.writing.engines import Draft
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from tests.integration.problems import problem_of

_S = 20
GOOD = "You gave {b1} {b1.value} and {b2} {b2.value}, and {item} is a drama like them."


class Held:
    """Writes as soon as it is let go."""

    name, model_hash, adapter_hash = "held", "m", "a"
    locales, domains = frozenset({"en"}), frozenset({"video"})

    def __init__(self, text):
        self.text = text
        self.go = threading.Event()

    def write(self, prompts, sampling):
        assert self.go.wait(_S)
        if isinstance(self.text, Exception):
            raise self.text
        return [Draft(self.text) for _ in prompts]


@contextmanager
def service(explainer, engine, places=8, kinds=(UPGRADE,)):
    """Yield a signed-in client of a service with this engine."""
    database = explainer.database
    worker = BatchingEngine(engine)
    writer = Writer(PromptLibrary(), load_vocabulary, worker, SqlDraftCache(database))
    policy = JobPolicy(tries=2, pause_s=0.01, places={UPGRADE: places, COUNTERFACTUAL: 0})
    afterwards = Afterwork(JobQueue(database, policy), kinds)
    with database.session() as session:
        key = create_key(session, "test")
    with TestClient(create_app(Explainer(database, explainer.model, writer, afterwards=afterwards), 4)) as client:
        client.headers["X-API-Key"] = key
        try:
            yield client
        finally:
            engine.go.set()


def post(client, body=None, **headers):
    made = client.post("/v1/explanations", json=body or {"user": "u1", "k": 1}, headers=headers)
    assert made.status_code == 201, made.text
    return made.json()["explanations"]


def events(client, explanation, last=None):
    """Return (event, data) of the whole stream."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    stream = client.get(f"/v1/explanations/{explanation}/events", headers=headers)
    assert stream.headers["content-type"].startswith("text/event-stream")
    found = [
        dict(line.split(": ", 1) for line in block.splitlines()) for block in stream.text.split("\r\n\r\n") if block
    ]
    return [(one["event"], json.loads(one["data"])) for one in found]


def test_the_answer_comes_before_the_model_and_the_better_text_is_a_new_revision(explainer):
    engine = Held(GOOD)
    with service(explainer, engine) as client:
        (first,) = post(client)
        assert first["source"] == "template"
        assert first["pending"]
        assert first["ai"] == {"generated": False, "label": None}
        engine.go.set()
        told = events(client, first["id"])
        later = client.get(f"/v1/explanations/{first['id']}").json()
    assert told[-1] == ("end", told[-1][1])
    assert told[-1][1]["text"] == later["current"] != first["text"]
    assert later["text"] == first["text"], "what was shown stays as it was shown"
    assert (later["revision"], later["pending"]) == (2, False)
    assert later["ai"] == {"generated": True, "label": "AI-written"}
    assert later["revisions"][0]["text"] == later["current"]
    assert later["revisions"][0]["source"] == "model"
    with explainer.database.session() as session:
        said = session.scalars(select(AuditEntryRow.event).where(AuditEntryRow.record_id == first["id"])).all()
    assert said == ["explanation.created", "explanation.revised"]


def test_a_reader_who_has_a_text_is_not_told_it_again(explainer):
    engine = Held(GOOD)
    with service(explainer, engine) as client:
        (first,) = post(client)
        engine.go.set()
        events(client, first["id"])
        assert [event for event, _ in events(client, first["id"], last=0)] == ["text", "end"]
        assert [event for event, _ in events(client, first["id"], last=2)] == ["end"]
        assert "nowhere" in problem_of(client.get("/v1/explanations/nowhere/events"), 404)


@contextmanager
def streamed(client, explanation):
    """Read a stream during the block; yield what becomes its events, once it waits for more."""
    awaited = client.app.dependencies["awaited"].dependency()
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(events, client, explanation)
        while explanation not in awaited._streams:
            assert not told.done()
            time.sleep(0.01)
        yield told


def test_a_text_that_is_taken_back_ends_the_stream_with_nothing_to_show(explainer, database):
    with service(explainer, Held(GOOD), kinds=()) as client:
        (first,) = post(client)
        with streamed(client, first["id"]) as told:
            suppress(database, first["id"], "It is wrong.", "test")
    assert [(event, data["text"]) for event, data in told.result()] == [("text", first["text"]), ("end", "")]


def test_an_erasure_ends_the_stream_and_whoever_opens_it_again_is_told(explainer, database):
    with service(explainer, Held(GOOD), kinds=()) as client:
        (first,) = post(client)
        with streamed(client, first["id"]) as told:
            erase(database, Erasing.unlisted(), "u1", "test")
        assert [event for event, _ in told.result()] == ["text"]
        assert client.get(f"/v1/explanations/{first['id']}/events").status_code == 404


def test_whoever_prefers_to_wait_gets_the_models_text(explainer):
    engine = Held(GOOD)
    engine.go.set()
    with service(explainer, engine) as client:
        answer = client.post("/v1/explanations", json={"user": "u1", "k": 1}, headers={"Prefer": "wait=10"})
    (made,) = answer.json()["explanations"]
    assert answer.headers["preference-applied"] == "wait=10"
    assert (made["source"], made["pending"], made["revisions"]) == ("model", False, [])


def test_patience_that_ends_gets_the_template_and_later_the_better_text(explainer):
    engine = Held(GOOD)
    with service(explainer, engine) as client:
        (made,) = post(client, Prefer="wait=1")
        assert (made["source"], made["pending"]) == ("template", True)
        assert made["gate_failures"] == ["engine_unavailable: deadline"]
        engine.go.set()
        assert events(client, made["id"])[-1][1]["ai_generated"]


def test_a_draft_from_before_is_there_at_once(explainer):
    engine = Held(GOOD)
    with service(explainer, engine) as client:
        (first,) = post(client)
        engine.go.set()
        events(client, first["id"])
        (again,) = post(client)
    assert (again["source"], again["pending"]) == ("model", False)


@pytest.mark.parametrize("text", ["{item} is the best film ever made.", EngineUnavailable("down")])
def test_where_nothing_better_comes_the_first_text_stays_and_nobody_waits_on(explainer, text):
    engine = Held(text)
    with service(explainer, engine) as client:
        (first,) = post(client)
        engine.go.set()
        assert [event for event, _ in events(client, first["id"])] == ["text", "end"]
        later = client.get(f"/v1/explanations/{first['id']}").json()
    assert (later["current"], later["revision"], later["pending"]) == (first["text"], 1, False)
    with explainer.database.session() as session:
        assert session.get(UpgradeRow, first["id"]).reason


def test_more_than_may_wait_is_not_promised(explainer):
    with service(explainer, Held(GOOD), places=1) as client:
        made = post(client, {"user": "u1", "k": 5})
        assert [one["pending"] for one in made] == [True, False, False, False, False]


def test_what_one_process_left_is_written_by_the_next_from_the_record(explainer, database):
    with service(explainer, Held(GOOD), kinds=()) as client:
        made = post(client, {"user": "u1", "k": 2})
        assert [one["pending"] for one in made] == [True, True]
    engine = Held(GOOD)
    engine.go.set()
    with service(explainer, engine) as client:
        for first in made:
            told = events(client, first["id"])
            assert [event for event, _ in told] in (["text", "end"], ["text", "text", "end"])
            later = client.get(f"/v1/explanations/{first['id']}").json()
            assert (later["revision"], later["pending"], later["text"]) == (2, False, first["text"])
    with database.session() as session:
        assert session.scalars(select(JobRow)).all() == []


def test_idempotent_requests_are_upgraded_once(explainer, database):
    engine = Held(GOOD)
    with service(explainer, engine) as client:
        (first,) = post(client, **{"Idempotency-Key": "one"})
        engine.go.set()
        events(client, first["id"])
        (again,) = post(client, **{"Idempotency-Key": "one"})
    assert (again["id"], again["text"], again["revision"]) == (first["id"], first["text"], 2)
    with database.session() as session:
        assert len(session.scalars(select(RevisionRow)).all()) == 1
        assert len(session.scalars(select(ExplanationRow)).all()) == 1


@pytest.mark.parametrize(
    ("header", "wait"),
    [(None, None), ("wait=5", 5), ("respond-async, wait=10", 10), ('WAIT = "7"; x=y', 7), ("wait=-1", None),
     ("wait=1.5", None), ("wait=١", None), ("wait=999999", None), ("return=minimal", None), ("", None)],
)  # fmt: skip
def test_a_preference_that_cannot_be_read_is_ignored(header, wait):
    assert preferred_wait(header) == wait


def test_texts_for_other_readers_and_where_they_were_shown(client):
    made = post(client, {"user": "u1", "k": 1, "audience": "support", "surface": "ticket-page"})
    assert (made[0]["audience"], made[0]["surface"]) == ("support", "ticket-page")


def test_a_locale_without_texts_is_not_acceptable(client):
    refused = client.post("/v1/explanations", json={"user": "u1", "k": 1, "locale": "tlh"})
    assert "tlh" in problem_of(refused, 406)
    assert refused.json()["available"] == ["en", "zh"]
