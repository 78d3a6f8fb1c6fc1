"""A process that is about to stop says so; a key whose answer was lost on the way is neither lost nor used twice."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from litestar.testing import TestClient

from explainer.access.keys import create_key
from explainer.errors import BusyError
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.server.draining import Draining
from explainer.server.parts import Parts
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobQueue
from explainer.service.promises import Promises
from explainer.storage.explanation_tables import PromiseRow
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from tests.integration.test_upgrades import GOOD, Held, post


@pytest.fixture
def draining():
    return Draining()


@pytest.fixture
def client(database, model, draining):
    writer = Writer(PromptLibrary(), load_vocabulary, Held(GOOD))
    explainer = Explainer(database, model, writer, afterwards=Afterwork(JobQueue(database), ()))
    with database.session() as session:
        key = create_key(session, "test")
    with TestClient(create_app(explainer, 4, parts=Parts(draining=draining))) as made:
        made.headers["X-API-Key"] = key
        yield made


def test_who_is_about_to_stop_is_not_ready_still_answers_and_closes_connections(client, draining):
    assert client.get("/health/ready").status_code == 200
    draining.begun = True
    told = client.get("/health/ready")
    assert (told.status_code, told.json()["reasons"]) == (503, ["It is about to stop."])
    for path in ("/v1/users/u1/recommendations", "/health/live", "/nowhere"):
        assert client.get(path).headers["connection"] == "close"
    assert client.get("/v1/users/u1/recommendations").status_code == 200


def test_streams_end_without_an_end_so_that_readers_come_again_elsewhere(client, draining):
    (first,) = post(client)
    assert first["pending"]
    draining.begun = True
    stream = client.get(f"/v1/explanations/{first['id']}/events").text
    assert "event: text" in stream
    assert "event: end" not in stream


class LostError(Exception):
    """What a handler raises that nobody expected."""


@contextmanager
def gone():
    raise BusyError("away")
    yield


def test_an_answer_that_was_stored_but_never_told_is_told_the_second_time(database):
    promises = Promises(database)

    def stores_and_is_lost(seal):
        with database.session() as session:
            seal(session, ["e1"])
        raise LostError

    with pytest.raises(LostError):
        promises.kept("shop", "k", "u1", b"body", stores_and_is_lost)
    assert promises.kept("shop", "k", "u1", b"body", lambda _: pytest.fail("it is made twice")) == ["e1"]


def test_a_key_that_could_not_be_given_back_is_so_when_the_database_is_there_again(database, monkeypatch):
    promises, made = Promises(database), []

    def is_lost(_):
        monkeypatch.setattr(promises._database, "session", gone)
        raise BusyError("away")

    with pytest.raises(BusyError, match="away"):
        promises.kept("shop", "k", "u1", b"body", is_lost)
    monkeypatch.undo()
    with database.session() as session:
        assert session.get_one(PromiseRow, ("shop", "k")).explanations is None
    assert promises.kept("shop", "k", "u1", b"body", made.append) is None
    assert len(made) == 1, "at once, not minutes later"
