"""Replicas that are restarted under load, and a database that goes away: nobody is failed, nothing told is lost."""

from __future__ import annotations

import asyncio

import pytest

from explainer.bench.engine_down import Home
from explainer.bench.home import key_for
from explainer.bench.outage import outage
from explainer.bench.replica_client import Trial
from explainer.bench.rolling import rolling
from retriever.fit import fit
from tests.conftest import SMALL_HYBRID, HashEncoder
from tests.databases import without_nul
from tests.homes import make_home

TRIAL = Trial(clients=4, away_s=3.0, before_s=0.5)


@pytest.fixture(scope="module")
def home(tmp_path_factory, dataset, postgresql):
    plain = without_nul(dataset)
    folder = tmp_path_factory.mktemp("replicas")
    database = make_home(folder, plain, fit(plain, HashEncoder(), SMALL_HYBRID), postgresql.new())
    yield Home(folder, database.url, key_for(database), [f"u{n}" for n in range(100)], folder / "log")
    database.engine.dispose()


def test_two_replicas_are_restarted_one_after_the_other_and_nobody_is_failed(home):
    found = asyncio.run(rolling(home, TRIAL))
    assert found.requests > 0
    assert found.failed == 0


def test_a_database_that_goes_away_loses_nothing_that_was_told_and_all_go_on_when_it_is_back(home):
    found = asyncio.run(outage(home, TRIAL))
    assert found.acknowledged == found.requests > 0
    assert (found.lost, found.twice, found.unexpected, found.jobs_left) == (0, 0, 0, 0)
    assert found.later > 0, "who asked meanwhile was told when to come back"
