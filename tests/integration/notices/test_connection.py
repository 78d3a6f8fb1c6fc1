"""The connection on which notices are heard: it is made again, it is tried, and it is not a pooler's."""

from __future__ import annotations

import asyncio
import logging
import struct
from contextlib import asynccontextmanager

import psutil
import pytest
from sqlalchemy import make_url, text

from explainer.bench.proxy import way_to
from explainer.errors import NotReadyError
from explainer.storage import notices
from explainer.storage.database import Database
from explainer.storage.notices import AWAITED, Notices, connects_to
from tests.integration.notices.acting import LONGEST_S, all_said, becomes, ended, hearing, waits

pytestmark = pytest.mark.on_postgresql


def test_an_ear_outlives_a_database_that_goes_away(explainer, database, caplog):
    async def story():
        (one,) = waits(explainer)
        async with way_to(database.url) as (way, url), hearing(url) as (ear, said):
            way.cut()
            await becomes(lambda: "tried again" in caplog.text)
            assert not ear.hears
            await way.mend()
            await becomes(lambda: ear.hears)
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
            query = text("SELECT pid FROM pg_stat_activity WHERE application_name = 'explainer: notices'")
            with database.look() as connection:
                process = psutil.Process(connection.scalar(query))
            process.suspend()
            try:
                await becomes(lambda: not ear.hears)
                await becomes(lambda: ear.hears)
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
        async with pooler_to(database.url) as url, asyncio.timeout(LONGEST_S):
            ear = Notices(url, AWAITED, pytest.fail, pytest.fail)
            await ear.run()  # ends
            assert not ear.hears

    asyncio.run(story())
    assert "EXPLAINER_DATABASE_DIRECT" in caplog.text


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
