"""Every process tells its open streams at once; and none of them hangs where nothing is told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from explainer.server import explanations
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList
from explainer.service.suppress import suppress
from explainer.storage import notices
from explainer.storage.database import Database
from explainer.storage.jobs import UPGRADE
from tests.integration.notices.acting import (
    cut_off,
    ears,
    ended,
    explainer_of,
    serving,
    until,
    waiting,
)
from tests.integration.test_upgrades import GOOD, Held, events, post, service, streamed

pytestmark = pytest.mark.on_postgresql

KEEP = """
import sys
from explainer.storage.database import Database
from explainer.storage.revisions import KEPT, end_upgrade

with Database(sys.argv[1]).session() as session:
    end_upgrade(session, sys.argv[2], KEPT, "a test")
"""


def test_what_another_process_decided_reaches_the_stream_without_a_look(explainer, database, blind):
    with serving(explainer) as (client, make):
        one = make()
        with streamed(client, one) as told:
            subprocess.run([sys.executable, "-c", KEEP, database.url, one], check=True)
        assert [event for event, _ in told.result()] == ["text", "end"]


def test_a_text_that_another_service_bettered_reaches_the_streams_of_all(explainer, database, model, blind):
    other, engine = explainer_of(Database(database.url), model), Held(GOOD)
    with serving(explainer) as (client, make):
        one = make()
        with service(other, engine, kinds=(UPGRADE,)) as elsewhere, ThreadPoolExecutor(4) as pool:
            client.headers = elsewhere.headers  # a key of the same name takes the place of the first
            until(lambda: len(ears(database)) == 2)
            told = [pool.submit(events, at, one) for at in (client, elsewhere) * 2]
            until(lambda: [waiting(at) for at in (client, elsewhere)] == [2, 2])
            engine.go.set()
            assert [[event for event, _ in each.result()] for each in told] == [["text", "text", "end"]] * 4
    other.database.engine.dispose()


def test_a_notice_wakes_nobody_whom_it_does_not_concern(explainer, database, blind, monkeypatch):
    reads = []
    read = explanations._read
    monkeypatch.setattr(explanations, "_read", lambda *a, **more: [reads.append(a[1]), read(*a, **more)][1])
    with serving(explainer) as (client, make):
        one, other = make(), make()
        with streamed(client, one) as told:
            ended(database, other)
            ended(database, one)  # told after the other, so that the other was heard before this
        assert told.result()[-1][0] == "end"
    assert reads == [one] * 3  # when it was opened, at its beginning, and at its end


def test_a_service_that_lost_its_ear_grows_another(explainer, database, blind):
    with serving(explainer) as (client, make):
        one = make()
        (before,) = ears(database)
        with streamed(client, one) as told:
            cut_off(database)
            until(lambda: ears(database) - {before})
            ended(database, one)
        assert told.result()[-1][0] == "end"


def test_what_was_said_while_nobody_heard_is_looked_for(explainer, database, breaking, monkeypatch):
    monkeypatch.setattr("explainer.server.awaited._SELDOM_S", 3600.0)
    back = threading.Event()

    async def late(url, connected=notices._connected):
        while not back.is_set():  # noqa: ASYNC110  set by another thread
            await asyncio.sleep(0.02)
        return await connected(url)

    monkeypatch.setattr(notices, "_connected", late)
    with service(explainer, Held(GOOD), kinds=()) as client:
        (one,) = post(client)
        with monkeypatch.context() as patched:
            patched.setattr("explainer.server.awaited.still_awaited", lambda _, ids: set(ids))
            with streamed(client, one["id"]) as told:
                ended(database, one["id"])
                assert not told.done()
                patched.undo()
        assert told.result()[-1][0] == "end"
        assert not ears(database)
        back.set()
        until(lambda: ears(database))


def test_a_service_that_can_never_hear_ends_its_streams_all_the_same(database, model, breaking, caplog):
    deaf = Database(database.url, direct="postgresql+pg8000://u:hidden-word@/postgres?unix_sock=/nowhere/.s.PGSQL.1")
    with service(explainer_of(deaf, model), Held(GOOD), kinds=()) as client:
        (one,) = post(client)
        with ThreadPoolExecutor(1) as pool:
            told = pool.submit(events, client, one["id"])
            ended(database, one["id"])
        assert told.result()[-1][0] == "end"
    deaf.engine.dispose()
    said = [record.message for record in caplog.records if record.name == notices.__name__]
    assert len(said) == 1
    assert "tried again" in said[0]
    assert "hidden-word" not in caplog.text


def test_an_erasure_ends_the_stream(explainer, database, tmp_path, blind):
    with serving(explainer) as (client, make):
        one = make("u1")
        with streamed(client, one) as told:
            key = ErasureKey.load(tmp_path / "erasure.key")
            erase(database, Erasing(key, ErasureList(tmp_path / "erasures.jsonl", key)), "u1", "test")
        assert [event for event, _ in told.result()] == ["text"]
        assert client.get(f"/v1/explanations/{one}/events").status_code == 404


def test_a_text_that_is_taken_back_ends_the_stream(explainer, database, blind):
    with serving(explainer) as (client, make):
        one = make()
        with streamed(client, one) as told:
            suppress(database, one, "It is wrong.", "test")
        assert [(event, bool(data["text"])) for event, data in told.result()] == [("text", True), ("end", False)]


def test_a_service_that_ends_leaves_no_connection_and_none_is_of_the_pools(explainer, database):
    with serving(explainer):
        assert len(ears(database)) == 1
        assert database.engine.pool.checkedout() == database._reader.pool.checkedout() == 0
    until(lambda: not ears(database))


def test_behind_a_pooler_the_server_itself_is_heard(database, model, blind):
    behind = Database(database.url + "&application_name=pooled", direct=database.url)
    with serving(explainer_of(behind, model)) as (client, make):
        one = make()
        with streamed(client, one) as told:
            ended(database, one)
        assert told.result()[-1][0] == "end"
    behind.engine.dispose()
