"""What is told, and when: whatever ends what is awaited, once it is committed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import make_url, select

from explainer.service.jobs.afterwork import Afterwork
from explainer.service.jobs.queue import JobQueue
from explainer.service.retention import apply, ends
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing, erase
from explainer.service.subject.listed import ErasureList
from explainer.service.suppress import suppress
from explainer.settings import Settings
from explainer.storage.base import now
from explainer.storage.database import Database
from explainer.storage.grants import grant_service
from explainer.storage.job_tables import JobRow
from explainer.storage.jobs import UPGRADE, ask_for
from explainer.storage.revisions import DONE, KEPT, await_again, end_upgrade
from tests.integration.notices.acting import all_said, ended, hearing, waits

pytestmark = pytest.mark.on_postgresql


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
