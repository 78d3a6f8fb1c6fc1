"""Killed in the middle of many writes: what was acknowledged is there, and nothing is there by halves."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import func, select, update

from explainer.access.keys import create_key
from explainer.audit.log import proves
from explainer.bench.client import Connection, request
from explainer.bench.served import serving
from explainer.storage.audit_tables import AuditEntryRow
from explainer.storage.base import now
from explainer.storage.explanation_tables import EvidenceRow, ExplanationRow, PromiseRow
from explainer.storage.job_tables import JobRow
from explainer.view import record_of
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder
from tests.databases import without_nul
from tests.homes import make_home

WRITES = 200
KILLED_AFTER = 40


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'explainer.db'}"
    return request.getfixturevalue("postgresql").new()


@pytest.fixture
def plain(dataset):
    return without_nul(dataset)


@pytest.fixture
def database(tmp_path, plain, url):
    made = make_home(tmp_path, plain, fit(plain, HashEncoder(), SMALL_HYBRID), url)
    yield made
    made.engine.dispose()


def write(key, number):
    headers = {"X-API-Key": key, "Idempotency-Key": f"write {number}"}
    return request("POST", "/v1/explanations", headers, msgspec.json.encode({"user": f"u{number % 120}", "k": 2}))


def ids_of(answer):
    return [one["id"] for one in msgspec.json.decode(answer.body)["explanations"]]


async def killed(served, key):
    """Send all writes at once, kill the server when some are acknowledged, return those: number → ids."""
    acknowledged = {}
    enough = asyncio.Event()

    async def one(number):
        connection = await Connection.open(served.port)
        answer = await connection.ask(write(key, number))
        if answer.status == 201:
            acknowledged[number] = ids_of(answer)
            if len(acknowledged) >= KILLED_AFTER:
                enough.set()

    writers = [asyncio.create_task(one(number)) for number in range(WRITES)]
    async with asyncio.timeout(120):
        await enough.wait()
    await served.kill()
    await asyncio.gather(*writers, return_exceptions=True)  # those that were not connected yet are refused
    return acknowledged


async def again(served, key, numbers):
    """Repeat writes one after another; return their answers."""
    connection = await Connection.open(served.port)
    return {number: await connection.ask(write(key, number)) for number in numbers}


def require_whole(database, acknowledged):
    with database.session() as session:
        rows = session.scalars(select(ExplanationRow)).all()
        created = select(AuditEntryRow).where(AuditEntryRow.event == "explanation.created")
        entries = {entry.record_id: entry for entry in session.scalars(created)}
        pieces = dict(
            session.execute(select(EvidenceRow.explanation_id, func.count()).group_by(EvidenceRow.explanation_id)).all()
        )
    stored = {row.id for row in rows}
    assert stored == set(entries)
    assert set(pieces) <= stored
    for row in rows:
        # The digest is of the record with all its evidence: one piece less and it is another.
        assert proves(entries[row.id], record_of(row))
        assert len(row.evidence) == pieces.get(row.id, 0)
    assert {one for ids in acknowledged.values() for one in ids} <= stored


def require_once(database):
    """Each write is there once, though many were sent twice; nothing points to what is not there."""
    with database.session() as session:
        stored = set(session.scalars(select(ExplanationRow.id)))
        promised = list(session.scalars(select(PromiseRow.explanations)))
        jobs = set(session.scalars(select(JobRow.explanation_id)))
    assert len(promised) == WRITES
    assert sorted(one for ids in promised for one in ids) == sorted(stored)
    assert len(stored) == 2 * WRITES
    assert jobs <= stored


def test_killed_in_the_middle_of_200_writes(database, tmp_path, url):
    with database.session() as session:
        key = create_key(session, "test")
    settings = {"ENGINE": "none", "DATABASE_URL": url}

    async def story():
        async with serving(tmp_path, settings, tmp_path / "log") as served:
            acknowledged = await killed(served, key)
        assert KILLED_AFTER <= len(acknowledged) < WRITES, "it was killed in the middle"
        require_whole(database, acknowledged)
        async with serving(tmp_path, settings, tmp_path / "log") as served:
            for number, answer in (await again(served, key, acknowledged)).items():
                assert answer.status == 201
                assert ids_of(answer) == acknowledged[number]
            others = [number for number in range(WRITES) if number not in acknowledged]
            first = await again(served, key, others)
            # A key that was taken when it was killed is somebody's for a while.
            assert {answer.status for answer in first.values()} <= {201, 503}
            with database.session() as session:
                session.execute(update(PromiseRow).values(created_at=now() - timedelta(hours=1)))
            later = await again(served, key, [number for number, answer in first.items() if answer.status == 503])
            assert {answer.status for answer in later.values()} <= {201}
        require_whole(database, acknowledged)
        require_once(database)

    asyncio.run(story())
