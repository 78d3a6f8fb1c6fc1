"""What of a stream is left out where its notices are looked at."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("asyncpg", reason="asyncpg is not installed")

from tests.integration.notices.acting import LONGEST_S


@pytest.fixture
def breaking(monkeypatch):
    """A stream that is told nothing breaks; else all of them read again when they have been open for long."""

    async def ended(awaited, one, _):
        async with asyncio.timeout(LONGEST_S), awaited._told(one) as told:
            await told.wait()

    monkeypatch.setattr("explainer.server.awaited.Awaited.ended", ended)


@pytest.fixture
def blind(breaking, monkeypatch):
    """Nothing that streams are told comes from looking."""
    monkeypatch.setattr("explainer.server.awaited.still_awaited", lambda _, ids: set(ids))
