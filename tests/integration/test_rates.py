"""Limits per caller: kept by all processes together, told with Retry-After, and paid for with few writes."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient
from sqlalchemy import event, select

from explainer.access import GRANTS, Caller, Role
from explainer.access.keys import create_key
from explainer.access.people import add_person
from explainer.access.rates import Limiter, Rates, network_of
from explainer.errors import RateLimitError
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.storage.database import Database
from explainer.storage.service_tables import RateRow

PROGRAM = Caller("shop", Role.APP, GRANTS[Role.APP])
PERSON = Caller("ada", Role.SUPPORT, GRANTS[Role.SUPPORT])
PASSWORD = "three green kettles"


class Clock:
    def __init__(self, now: float = 1_000_000 * 60.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    on_sqlite = request.param == "sqlite"
    found = f"sqlite:///{tmp_path / 'rates.db'}" if on_sqlite else request.getfixturevalue("postgresql").new()
    made = Database(found)
    RateRow.__table__.create(made.engine)
    made.engine.dispose()
    return found


@contextmanager
def processes(url, rates, *clocks):
    """Yield limiters that share nothing but the database, as processes do."""
    databases = [Database(url) for _ in clocks]
    yield [Limiter(database, rates, clock) for database, clock in zip(databases, clocks, strict=True)]
    for database in databases:
        database.engine.dispose()


@contextmanager
def counted_writes(limiter):
    writes = []
    engine = limiter._database.engine

    def listener(*args):
        writes.append(args[2])

    event.listen(engine, "before_cursor_execute", listener)
    yield writes
    event.remove(engine, "before_cursor_execute", listener)


def passed(limiter, caller=PROGRAM):
    try:
        limiter.admit(caller)
    except RateLimitError:
        return False
    return True


def test_what_is_leased_is_spent_without_a_look_at_the_database(url):
    clock = Clock()
    with processes(url, Rates(app=40), clock) as (limiter,):
        assert not limiter.admits_at_once(PROGRAM), "nothing is leased yet"
        limiter.admit(PROGRAM)  # two, of which one is left
        with counted_writes(limiter) as writes:
            assert limiter.admits_at_once(PROGRAM)
            assert not limiter.admits_at_once(PROGRAM)
            assert not limiter.admits_at_once(PERSON)
        assert not writes
        limiter.admit(PROGRAM)
        clock.now += 60
        assert not limiter.admits_at_once(PROGRAM), "what is left of a window is over with it"


def test_both_ways_together_admit_no_more_than_the_limit(url):
    with processes(url, Rates(app=40), Clock(), Clock()) as limiters:
        admitted = [limiter.admits_at_once(PROGRAM) or passed(limiter) for _ in range(40) for limiter in limiters]
    assert sum(admitted) == 40


def rows(database):
    with database.session() as session:
        return {row.bucket: (row.window, row.used) for row in session.scalars(select(RateRow))}


@pytest.mark.parametrize("limit", [1, 7, 119, 1_019])
def test_two_processes_with_many_threads_give_out_exactly_the_limit(url, limit):
    clock = Clock()
    with processes(url, Rates(app=limit), clock, clock) as limiters, ThreadPoolExecutor(8) as pool:
        asks = [limiters[n % 2] for n in range(limit + 40)]
        asks += [limiters[0]] * limit + [limiters[1]] * limit  # whatever one leased and kept, each can spend its own
        assert sum(pool.map(passed, asks)) == limit


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.integers(1, 120),
    drifts=st.tuples(*[st.floats(-5, 5)] * 3),
    steps=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0, 0, 1, 30, 61]), st.integers(1, 90)), max_size=12),
)
def test_whoever_asks_when_no_window_gives_more_than_the_limit(database, limit, drifts, steps):
    clocks = [Clock(Clock().now + drift) for drift in drifts]
    limiters = [Limiter(database, Rates(app=limit), clock) for clock in clocks]
    caller = Caller(secrets.token_hex(8), Role.APP, GRANTS[Role.APP])
    windows, through = set(), 0
    for who, seconds, asks in steps:
        for clock in clocks:
            clock.now += seconds
        windows.add(int(clocks[who].now // 60))
        through += sum(passed(limiters[who], caller) for _ in range(asks))
    assert through <= limit * len(windows)
    assert through >= min(len(steps), 1)


def test_a_new_window_begins_anew_and_the_refusal_says_when(url):
    clock = Clock(1_000_000 * 60 + 41.5)
    with processes(url, Rates(app=3), clock) as (limiter,):
        assert [passed(limiter) for _ in range(4)] == [True, True, True, False]
        with pytest.raises(RateLimitError, match="3 requests in a minute") as refusal:
            limiter.admit(PROGRAM)
        assert refusal.value.retry_after_s == 19
        clock.now += refusal.value.retry_after_s
        assert [passed(limiter) for _ in range(4)] == [True, True, True, False]
        assert limiter.refused == {"app": 3}


def test_thousands_of_requests_cost_a_few_writes_and_refused_ones_none(url):
    clock = Clock()
    with processes(url, Rates(app=2_000), clock) as (limiter,):
        passed(limiter)
        with counted_writes(limiter) as writes:
            assert sum(passed(limiter) for _ in range(1_999)) == 1_999
        assert len(writes) == 19
        assert not passed(limiter)
        with counted_writes(limiter) as writes:
            assert not any(passed(limiter) for _ in range(500))
        assert writes == []


def test_callers_and_roles_have_buckets_of_their_own(url):
    clock = Clock()
    with processes(url, Rates(app=2, people=1), clock) as (limiter,):
        assert [passed(limiter) for _ in range(3)] == [True, True, False]
        assert [passed(limiter, PERSON) for _ in range(2)] == [True, False]
        other = Caller("shop", Role.ADMIN, GRANTS[Role.ADMIN])
        assert passed(limiter, other)


def test_a_clock_a_moment_behind_goes_on_in_the_window_of_the_others(url):
    ahead, behind = Clock(60_000_060.0), Clock(60_000_059.0)
    with processes(url, Rates(app=2), ahead, behind) as (first, second):
        assert passed(first)
        assert [passed(second), passed(second), passed(first)] == [True, False, False]


def test_a_clock_hours_ahead_keeps_nobody_out_when_it_is_right_again(url):
    wrong, right = Clock(60_000_000 + 7_200.0), Clock(60_000_000.0)
    with processes(url, Rates(app=1), wrong, right) as (first, second):
        assert passed(first)
        assert [passed(second), passed(second)] == [True, False]


def test_rows_of_old_windows_do_not_pile_up(url):
    clock = Clock()
    with processes(url, Rates(sign_in=5), clock) as (limiter,):
        for n in range(20):
            limiter.admit_sign_in(f"10.0.0.{n}")
        assert len(rows(limiter._database)) == 20
        clock.now += 180
        limiter.admit_sign_in("10.0.0.1")
        assert list(rows(limiter._database)) == ["sign-in:10.0.0.1"]
        assert len(limiter._leases) == 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("x" * 500, "x" * 100),
        ("", ""),
    ],
)
def test_one_client_is_one_address_or_one_network_of_its_own(address, network):
    assert network_of(address) == network


@pytest.fixture
def keys(database):
    with database.session() as session:
        return {role: create_key(session, role.value, role) for role in Role}


def client_of(explainer, **rates):
    return TestClient(create_app(explainer, queue=4, parts=Parts(rates=Rates(**rates))))


def test_one_request_too_many_is_a_429_that_says_when_to_come_back(explainer, keys):
    with client_of(explainer, app=2, people=1) as client:

        def ask(role):
            return client.get("/v1/explanations", headers={"X-API-Key": keys[role]})

        # A minute may end between two of them: then the count begins anew once, but not twice.
        answers = [ask(Role.APP) for _ in range(6)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) >= 2
        assert {answer.status_code for answer in answers} == {200, 429}
        answer = refused[0]
        assert answer.headers["content-type"] == "application/problem+json"
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert answer.json()["title"] == "Too Many Requests"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert ask(Role.AUDITOR).status_code == 200


def test_strangers_and_those_who_may_not_leave_no_bucket(explainer, keys, database):
    with client_of(explainer) as client:
        assert client.get("/v1/explanations", headers={"X-API-Key": "rb_stranger"}).status_code == 401
        assert client.get("/metrics", headers={"X-API-Key": keys[Role.APP]}).status_code == 403
        assert client.get("/health/live").status_code == 200
        assert rows(database) == {}
        client.get("/v1/explanations", headers={"X-API-Key": keys[Role.APP]})
        assert list(rows(database)) == ["app:app"]


def test_tries_to_sign_in_are_limited_by_address_whatever_the_name(explainer, database):
    with database.session() as session:
        add_person(session, "ada", Role.SUPPORT, PASSWORD)
    with client_of(explainer, sign_in=2) as client:
        tries = [client.post("/login", data={"name": f"n{n}", "password": "wrong"}).status_code for n in range(6)]
        assert set(tries) == {403, 429}
        assert tries.count(429) >= 2
        assert client.get("/login").status_code == 200
