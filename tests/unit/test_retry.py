"""When another request makes sense, and when nobody is asked at all."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.errors import EngineUnavailable
from explainer.writing.engines.breaker import Breaker
from explainer.writing.engines.retry import Retry, retry_after_s

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POSITIVE = st.floats(0, 1e6)


@given(st.integers(1, 10_000), st.none() | POSITIVE, st.floats(0, 1, exclude_max=True), POSITIVE, POSITIVE)
def test_a_pause_is_at_least_what_was_asked_for_and_at_most_the_limit_more(tried, asked, drawn, base, most):
    pause = Retry(3, base, most).pause_s(tried, asked, lambda: drawn)
    assert (asked or 0) <= pause <= (asked or 0) + min(most, base * 2.0 ** min(tried - 1, 60))


def test_the_limit_of_the_pauses_doubles_until_it_may_not():
    pauses = [Retry(9, base_s=0.25, most_s=1.0).pause_s(n, None, lambda: 1.0) for n in range(1, 6)]
    assert pauses == [0.25, 0.5, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("-3", 0.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Thu, 01 Jan 2026 00:01:00 -0000", 60.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("Thu, 99 Jan 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(header, seconds):
    assert retry_after_s(header, NOW) == seconds


@given(st.text())
def test_any_retry_after_is_a_pause_or_nothing(header):
    seconds = retry_after_s(header, NOW)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


def fail(breaker):
    with pytest.raises(EngineUnavailable, match="down"), breaker.call():
        raise EngineUnavailable("down")


def refused(breaker):
    with pytest.raises(EngineUnavailable, match="in a row"), breaker.call():
        pytest.fail("the breaker let the call in")


def test_a_success_between_failures_keeps_the_breaker_closed():
    breaker = Breaker(failures=2, clock=lambda: 0.0)
    for _ in range(5):
        fail(breaker)
        with breaker.call():
            pass
    assert not breaker.is_open


def test_half_open_lets_one_try_at_a_time_and_its_failure_opens_again():
    now = [0.0]
    breaker = Breaker(failures=2, pause_s=10, clock=lambda: now[0])
    fail(breaker)
    fail(breaker)
    assert breaker.is_open
    now[0] = 9.9
    refused(breaker)
    now[0] = 10.0
    assert not breaker.is_open
    with breaker.call():
        refused(breaker)  # one is trying already
    assert not breaker.is_open
    fail(breaker)
    fail(breaker)
    now[0] = 20.0
    fail(breaker)
    refused(breaker)


def test_a_try_that_is_cancelled_leaves_the_next_one_free():
    now = [0.0]
    breaker = Breaker(failures=1, pause_s=10, clock=lambda: now[0])
    fail(breaker)
    now[0] = 10.0
    with pytest.raises(KeyboardInterrupt), breaker.call():
        raise KeyboardInterrupt
    with breaker.call():
        pass
    assert not breaker.is_open
