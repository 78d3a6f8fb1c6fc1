"""The service with an engine that misbehaves: every request gets a true text within its deadline, and it is stored."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import uvicorn
from sqlalchemy import select

from explainer.access.keys import create_key
from explainer.errors import EngineUnavailable
from explainer.storage.explanation_tables import ExplanationRow
from explainer.writing.engines import Draft
from tests.integration.client import client_of
from tests.integration.served_writing import (
    SECONDS,
    Scripted,
    Stalling,
    check_grounded,
    check_stored,
    explain,
    service,
)


def dying(prompts):
    raise RuntimeError("CUDA error: device-side assert triggered")


def going_away(prompts):
    raise SystemExit(1)


RUBBISH = {
    "dies": dying,
    "exits": going_away,
    "says it is down": lambda prompts: (_ for _ in ()).throw(EngineUnavailable("down")),
    "writes too few": lambda prompts: [Draft("{item}")] * (len(prompts) - 1),
    "writes nothing": lambda prompts: [],
    "writes no text": lambda prompts: [None] * len(prompts),
    "writes bytes": lambda prompts: [Draft(b"x")] * len(prompts),
    "writes empty texts": lambda prompts: [Draft("")] * len(prompts),
    "writes rubbish": lambda prompts: [Draft("\x00<script>{b9}{{7*7}} 100%" * 1000)] * len(prompts),
}


@pytest.mark.parametrize("do", RUBBISH.values(), ids=RUBBISH)
def test_an_engine_that_fails_costs_nobody_their_text(explainer, database, do):
    with service(explainer, Scripted(do)) as (app, worker), client_of(app, database) as client:
        with ThreadPoolExecutor(8) as pool:
            shown = [e for found in pool.map(lambda n: explain(client, f"u{n}"), range(8)) for e in found]
        assert worker.counters.batches
        assert worker._thread.is_alive()
    check_grounded(shown)
    assert len(shown) == 16
    check_stored(database, shown)


def test_an_engine_that_stalls_costs_nobody_their_text(explainer, database):
    with service(explainer, Stalling(), deadline_s=0.5) as (app, worker), client_of(app, database) as client:
        with ThreadPoolExecutor(8) as pool:
            shown = [e for found in pool.map(lambda n: explain(client, f"u{n}"), range(8)) for e in found]
        counters = worker.counters
        assert counters.timeouts + counters.refused >= 8
    check_grounded(shown)
    check_stored(database, shown)


def test_after_a_stall_the_engine_writes_again(explainer, database):
    engine = Stalling()
    good = "You gave {b1} {b1.value}, and {item} is close to it in spirit."
    with service(explainer, engine, deadline_s=0.5) as (app, worker), client_of(app, database) as client:
        check_grounded(explain(client, "u1"))
        engine.do = lambda prompts: [Draft(good) for _ in prompts]
        engine.release.set()
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._running_since is None, SECONDS)
        before = engine.batches
        explain(client, "u2", 5)
        assert engine.batches > before


def test_a_full_backlog_is_templates_now_rather_than_later(explainer, database):
    with service(explainer, Scripted(), backlog=1) as (app, worker), client_of(app, database) as client:
        shown = explain(client, "u1", 10)
        assert worker.counters.refused
    check_grounded(shown)
    check_stored(database, shown)


def test_the_page_and_the_preview_have_the_deadline_too(explainer, database):
    with service(explainer, Stalling(), deadline_s=0.5) as (app, _), client_of(app, database) as client:
        assert client.get("/", params={"user": "u1"}).status_code == 200
        with database.session() as session:
            assert session.scalars(select(ExplanationRow.source)).all() == ["template"] * 6
        item = next(iter(explainer.history("u2").items()))
        shown = client.post("/v1/users/u2/preview", json={"exclude": [item], "k": 3})
        assert shown.status_code == 200
        assert all(row["text"] for row in shown.json()["recommendations"])


@contextmanager
def listening(app):
    """Yield the address of the app on a real socket, behind the server that `explainer serve` uses."""
    held = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [held]})
    thread.start()
    try:
        yield held.getsockname()
    finally:
        server.should_exit = True
        thread.join(SECONDS)
        held.close()
    assert not thread.is_alive()


def post(address, key, body):
    """Send a request and return the open connection."""
    raw = json.dumps(body).encode()
    head = (
        f"POST /v1/explanations HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n"
        f"Prefer: wait={SECONDS}\r\n"
        f"Content-Length: {len(raw)}\r\nConnection: close\r\n\r\n"
    )
    connection = socket.create_connection(address, timeout=SECONDS)
    connection.sendall(head.encode() + raw)
    return connection


def read(connection):
    with connection, connection.makefile("rb") as file:
        return file.read().decode()


def test_a_client_that_hangs_up_ends_what_is_done_for_it_and_for_nobody_else(explainer, database):
    engine = Stalling()
    with database.session() as session:
        key = create_key(session, "test")
    with service(explainer, engine) as (app, worker), listening(app) as address:
        staying = post(address, key, {"user": "u1", "k": 1})
        assert engine.started.acquire(timeout=SECONDS)
        leaving = post(address, key, {"user": "u2", "k": 1})
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._waiting, SECONDS)
        leaving.close()
        with worker._changed:
            assert worker._changed.wait_for(lambda: worker._counters.abandoned == 1 and not worker._waiting, SECONDS)
        engine.release.set()
        assert "201 Created" in read(staying)
    with database.session() as session:
        assert session.scalars(select(ExplanationRow.user_id)).all() == ["u1"], "what nobody was shown is not stored"


def test_stopping_the_service_answers_those_who_wait(explainer, database):
    engine = Stalling()
    with database.session() as session:
        key = create_key(session, "test")
    with service(explainer, engine) as (app, worker):
        with listening(app) as address:
            waiting = post(address, key, {"user": "u1", "k": 1})
            assert engine.started.acquire(timeout=SECONDS)
            engine.release.set()
        answered = read(waiting)
        assert "201 Created" in answered
        assert not worker._thread.is_alive()
