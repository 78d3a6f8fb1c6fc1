"""Requests are shared out to all servers within the limits of each, and end for all where they must."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from explainer.errors import EngineUnavailable, SettingsError
from explainer.loading import make_remotes
from explainer.settings import Settings
from explainer.writing.engines import Draft, Sampling
from tests.integration.pool.acting import NAME, PROMPTS, S, echo, engine_of, pools_of


def test_requests_are_shared_out():
    with pools_of([echo], [echo], [echo]) as pools, engine_of(*pools) as engine:
        for prompt in PROMPTS[:9]:
            assert engine.write([prompt], Sampling()) == [Draft(prompt.user)]
        assert [len(pool.requests) for pool in pools] == [3, 3, 3]
        assert [(state.up, state.in_flight, state.requests) for state in engine.endpoints] == [(True, 0, 3)] * 3
        assert all(state.latency_s > 0 for state in engine.endpoints)


def test_limits_are_never_exceeded_by_64_who_write_at_once():
    lock, limits = threading.Lock(), (1, 3, 8)
    under_way, most, full = [0, 0, 0], [0, 0, 0], threading.Event()

    def counting(number):
        def count(request):
            with lock:
                under_way[number] += 1
                most[number] = max(most[number], under_way[number])
                if under_way == list(limits):
                    full.set()
            assert full.wait(S)  # nobody is answered until every server has as many as it may
            with lock:
                under_way[number] -= 1
            return echo(request)

        return count

    with (
        pools_of(*([counting(n)] for n in range(3))) as pools,
        engine_of(*pools, limits=limits) as engine,
        ThreadPoolExecutor(64) as threads,
    ):
        calls = [threads.submit(engine.write, [prompt], Sampling()) for prompt in PROMPTS]
        assert [call.result(S) for call in calls] == [[Draft(prompt.user)] for prompt in PROMPTS]
    assert most == list(limits)


def test_cancelling_hangs_up_on_all_servers():
    with pools_of([None], [None]) as pools, engine_of(*pools) as engine, ThreadPoolExecutor(1) as thread:
        call = thread.submit(engine.write, PROMPTS[:2], Sampling())
        assert all(pool.stalled.wait(S) for pool in pools)
        engine.cancel()
        with pytest.raises(EngineUnavailable, match="cancelled"):
            call.result(S)
        assert all(pool.hung_up.wait(S) for pool in pools)
        engine.look()  # by then the cancelled calls have ended
        assert [state.in_flight for state in engine.endpoints] == [0, 0]


def test_the_deadline_holds_however_many_are_left_to_ask():
    with (
        pools_of([None], [None]) as pools,
        engine_of(*pools, deadline_s=0.2) as engine,
        pytest.raises(EngineUnavailable, match=r"not done within 0\.2 s"),
    ):
        engine.write(PROMPTS[:1], Sampling())


def test_a_closed_engine_is_an_outage():
    with pools_of([echo], [echo]) as pools, engine_of(*pools) as engine:
        engine.write(PROMPTS[:1], Sampling())
        engine.close()
        with pytest.raises(EngineUnavailable, match="closed"):
            engine.write(PROMPTS[:1], Sampling())


def test_settings_name_several_servers_with_limits_of_their_own():
    settings = Settings(
        openai_url="http://a:8000;limit=32, http://b:8000/v1",
        openai_model=NAME,
        openai_key=SecretStr("k"),
        openai_concurrency=4,
    )
    found = [(one.url, one.concurrency, one.model) for one in make_remotes(settings)]
    assert found == [("http://a:8000/v1", 32, NAME), ("http://b:8000/v1", 4, NAME)]
    with pytest.raises(SettingsError, match="twice"):
        make_remotes(settings.model_copy(update={"openai_url": "http://a:8000, http://a:8000/v1"}))
