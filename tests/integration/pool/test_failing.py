"""A server that dies, stalls or answers rubbish is left out until it is well, and others write in its place."""

from __future__ import annotations

import threading

import pytest

from explainer.errors import EngineUnavailable
from explainer.writing.engines import Draft, Sampling
from explainer.writing.engines.breaker import Breaker
from tests.integration.pool.acting import BUSY, MODELS, PROMPTS, S, echo, engine_of, pools_of, troubles
from tests.pool import Pool, answer, completion


def test_one_that_dies_in_the_middle_has_its_requests_written_by_another():
    def die(request):
        threading.Thread(target=first.die).start()
        return b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"

    with pools_of([die], [echo]) as (first, second), engine_of(first, second) as engine:
        prompts = PROMPTS[:12]
        assert engine.write(prompts, Sampling()) == [Draft(prompt.user) for prompt in prompts]
        engine.look()
        asked = len(second.requests)
        assert "ConnectError" in troubles(engine)[0]
        assert engine.write(prompts, Sampling()) == [Draft(prompt.user) for prompt in prompts]
        assert len(second.requests) == asked + 12  # nobody asked the dead one any more
        assert engine.trouble is None


def test_a_broken_connection_is_looked_into_at_once_and_what_comes_back_is_asked_again():
    with pools_of([echo], [echo]) as (first, second), engine_of(first, second) as engine:
        first.die()
        engine.write(PROMPTS[:4], Sampling())
        engine.look()
        assert [state.up for state in engine.endpoints] == [False, True]
        with Pool(echo, models=MODELS, port=first.port) as again:
            engine.look()
            assert [state.up for state in engine.endpoints] == [True, True]
            engine.write(PROMPTS[:8], Sampling())
            assert again.requests


def test_looks_are_made_in_the_background():
    with pools_of([echo], [echo]) as (first, second):
        first.models = answer(b"<html>")
        with engine_of(first, second, every_s=0.01) as engine:
            assert "not what was asked for" in troubles(engine)[0]
            first.models, first.looks = MODELS, threading.Semaphore(0)
            # One look may have been under way; when a third begins, the second has been thought over.
            assert all(first.looks.acquire(timeout=S) for _ in range(3))
            assert troubles(engine) == ["", ""]


def test_one_that_stalls_costs_its_time_out_once_and_is_left_out_until_it_writes_again():
    now = [0.0]

    def breaker():
        return Breaker(failures=1, pause_s=10, clock=lambda: now[0])

    with (
        pools_of([None, None, echo], [echo]) as (stalls, good),
        engine_of(stalls, good, timeouts=(0.1, S), breaker=breaker) as engine,
    ):
        assert engine.write(PROMPTS[:1], Sampling()) == [Draft(PROMPTS[0].user)]
        assert "in a row" in troubles(engine)[0]
        assert engine.write(PROMPTS[:8], Sampling()) == [Draft(prompt.user) for prompt in PROMPTS[:8]]
        engine.look()
        assert len(stalls.requests) == 1  # its pause is not over
        now[0] = 10.0
        engine.look()  # asks it for a word, in vain
        assert (len(stalls.requests), stalls.requests[-1]["max_tokens"]) == (2, 1)
        assert "in a row" in troubles(engine)[0]
        now[0] = 20.0
        engine.look()
        assert troubles(engine) == ["", ""]


@pytest.mark.parametrize(
    "rubbish",
    [
        answer(b"<html>It works!</html>"),
        completion(" "),
        answer({"choices": []}),
        BUSY,
        answer({}, "404 Not Found"),
        answer({}, "401 Unauthorized"),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ],
    ids=["html", "empty", "no choices", "503", "404", "401", "not http", "hangs up"],
)
def test_what_one_answers_badly_another_writes(rubbish):
    with pools_of([rubbish], [echo]) as pools, engine_of(*pools) as engine:
        for prompt in PROMPTS[:8]:
            assert engine.write([prompt], Sampling()) == [Draft(prompt.user)]
        assert len(pools[0].requests) == 3  # then it is left out
        assert engine.endpoints[0].failures == 3


def test_all_that_fail_are_named_and_each_was_asked_as_often_as_may_be():
    with (
        pools_of([BUSY], [answer(b"{")]) as pools,
        engine_of(*pools) as engine,
        pytest.raises(EngineUnavailable, match=r"status 503.*not what was asked for.*2 of 2 times") as raised,
    ):
        engine.write(PROMPTS[:1], Sampling())
    assert all(pool.url in str(raised.value) for pool in pools)
    assert [len(pool.requests) for pool in pools] == [2, 2]


def test_with_all_away_it_is_an_outage_without_a_request():
    with pools_of([echo], [echo]) as pools:
        pass
    with engine_of(*pools) as engine:
        with pytest.raises(EngineUnavailable, match=r"ConnectError.*ConnectError"):
            engine.write(PROMPTS, Sampling())
        assert engine.trouble == "none of its 2 servers can be used"
        assert [state.requests for state in engine.endpoints] == [0, 0]
