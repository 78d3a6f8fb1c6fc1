"""Several servers that write the same: real ones, of which one dies, stalls, answers rubbish or has another model."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient
from pydantic import SecretStr

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.cli.common import console
from explainer.cli.main import main
from explainer.errors import EngineUnavailable, SettingsError
from explainer.loading import make_remotes
from explainer.pipeline import Explainer
from explainer.server.app import create_app
from explainer.settings import Settings
from explainer.storage.drafts import SqlDraftCache
from explainer.writing.engines import Draft, Sampling
from explainer.writing.engines.breaker import Breaker
from explainer.writing.engines.openai_compatible import OpenAIEngine
from explainer.writing.engines.remote import Remote
from explainer.writing.engines.retry import Retry
from explainer.writing.prompts import Prompt, PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from tests.pool import GOOD, Pool, answer, cards, completion

_S = 20  # far more than anything here takes: it only keeps a broken test from hanging
NAME = "explainer-en-1a2b3c"
BASE = {"id": "smollm2", "root": "/models/smollm2", "parent": None, "owned_by": "vllm", "created": 1}
ADAPTER = {"id": NAME, "root": "/adapters/en", "parent": "smollm2", "owned_by": "vllm", "created": 2}
MODELS = cards(BASE, ADAPTER)
BUSY = answer({}, "503 Service Unavailable")
PROMPTS = [Prompt("system", f"prompt {n}", "v") for n in range(64)]


def echo(request):
    return completion(request["messages"][-1]["content"])


@contextmanager
def engine_of(*pools, limits=(), timeouts=(), **options):
    """An engine that looks at its servers when told to, or when one of them breaks a connection."""
    remotes = [
        Remote(pool.url, NAME, timeout_s=timeout_s, concurrency=limit)
        for pool, limit, timeout_s in zip(pools, limits or [8] * len(pools), timeouts or [_S] * len(pools), strict=True)
    ]
    settings = {"retry": Retry(2, 0.001, 0.001), "deadline_s": _S, "every_s": 3600.0, **options}
    engine = OpenAIEngine(*remotes, **settings)
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def pools_of(*answers, models=MODELS):
    with ExitStack() as stack:
        yield [stack.enter_context(Pool(*each, models=models)) for each in answers]


def troubles(engine):
    return [state.trouble for state in engine.endpoints]


def test_requests_are_shared_out():
    with pools_of([echo], [echo], [echo]) as pools, engine_of(*pools) as engine:
        for prompt in PROMPTS[:9]:
            assert engine.write([prompt], Sampling()) == [Draft(prompt.user)]
        assert [len(pool.requests) for pool in pools] == [3, 3, 3]
        assert [(state.up, state.in_flight, state.requests) for state in engine.endpoints] == [(True, 0, 3)] * 3
        assert all(state.latency_s > 0 for state in engine.endpoints)


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
            assert all(first.looks.acquire(timeout=_S) for _ in range(3))
            assert troubles(engine) == ["", ""]


def test_one_that_stalls_costs_its_time_out_once_and_is_left_out_until_it_writes_again():
    now = [0.0]

    def breaker():
        return Breaker(failures=1, pause_s=10, clock=lambda: now[0])

    with (
        pools_of([None, None, echo], [echo]) as (stalls, good),
        engine_of(stalls, good, timeouts=(0.1, _S), breaker=breaker) as engine,
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
            assert full.wait(_S)  # nobody is answered until every server has as many as it may
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
        assert [call.result(_S) for call in calls] == [[Draft(prompt.user)] for prompt in PROMPTS]
    assert most == list(limits)


def test_one_without_the_model_or_with_another_behind_its_name_is_left_out():
    with pools_of([echo], [echo], [echo], [echo]) as pools:
        pools[0].models = cards(BASE)
        pools[1].models = cards(BASE, {**ADAPTER, "root": "/adapters/old"})
        with engine_of(*pools) as engine:
            engine.write(PROMPTS, Sampling())
            assert [bool(pool.requests) for pool in pools] == [False, False, True, True]
            assert "does not list" in troubles(engine)[0]
            assert "another model or adapter" in troubles(engine)[1]
            pools[0].models = pools[1].models = MODELS
            engine.look()
            assert troubles(engine) == [""] * 4


def test_an_adapter_that_is_exchanged_while_we_look_takes_the_server_out():
    with pools_of([echo]) as (only,), engine_of(only) as engine:
        only.models = cards({**BASE, "root": "/models/other"}, ADAPTER)
        engine.look()
        with pytest.raises(EngineUnavailable, match="another model or adapter"):
            engine.write(PROMPTS[:1], Sampling())
        assert "set EXPLAINER_OPENAI_MODEL, or start the service again" in engine.trouble


def test_servers_that_list_what_they_measured_of_their_file_are_told_apart():
    small, large = (cards({"id": NAME, "meta": {"n_params": n, "shape": [n, 2]}}) for n in (1, 2))
    with pools_of([echo], [echo], [echo], models=small) as pools:
        pools[0].models = large
        with engine_of(*pools) as engine:
            assert [state.up for state in engine.endpoints] == [False, True, True]
            assert engine.write(PROMPTS[:2], Sampling()) == [Draft(prompt.user) for prompt in PROMPTS[:2]]


def test_versions_are_the_same_however_many_servers_there_are():
    with pools_of([echo], [echo]) as (first, second):
        with engine_of(first) as one, engine_of(second) as other, engine_of(second, first) as both:
            assert len({(e.model_hash, e.adapter_hash) for e in (one, other, both)}) == 1
        first.models = second.models = cards({"id": NAME})  # a name alone might be anybody's
        with engine_of(first) as one, engine_of(second) as other:
            assert one.adapter_hash != other.adapter_hash


def test_cancelling_hangs_up_on_all_servers():
    with pools_of([None], [None]) as pools, engine_of(*pools) as engine, ThreadPoolExecutor(1) as thread:
        call = thread.submit(engine.write, PROMPTS[:2], Sampling())
        assert all(pool.stalled.wait(_S) for pool in pools)
        engine.cancel()
        with pytest.raises(EngineUnavailable, match="cancelled"):
            call.result(_S)
        assert all(pool.hung_up.wait(_S) for pool in pools)
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


def test_an_operator_sees_every_server_in_metrics_and_on_the_page(explainer, database):
    with (
        pools_of([echo], [BUSY]) as (good, bad),
        engine_of(good, bad, limits=(16, 4)) as engine,
        BatchingEngine(engine) as worker,
    ):
        engine.write(PROMPTS[:4], Sampling())
        writer = Writer(PromptLibrary(), load_vocabulary, worker, SqlDraftCache(database))
        with database.session() as session:
            key = create_key(session, "watcher", Role.ADMIN)
        bad.models = answer(b"", "500 x")
        engine.look()
        shown = Explainer(database, explainer.model, writer)
        with TestClient(create_app(shown, 4)) as client:
            client.headers["Authorization"] = f"Bearer {key}"
            metrics = client.get("/metrics").text
            pages = [client.get("/admin", headers={"Accept-Language": locale}).text for locale in ("en", "zh")]
    failures = engine.endpoints[1].failures
    assert failures > 0
    for line in (
        f'explainer_engine_up{{endpoint="{good.url}"}} 1.0',
        f'explainer_engine_up{{endpoint="{bad.url}"}} 0.0',
        f'explainer_engine_in_flight{{endpoint="{good.url}"}} 0.0',
        f'explainer_engine_in_flight_limit{{endpoint="{good.url}"}} 16.0',
        f'explainer_engine_requests_total{{endpoint="{good.url}"}} 4.0',
        f'explainer_engine_failures_total{{endpoint="{bad.url}"}} {failures:.1f}',
    ):
        assert line in metrics
    for page in pages:
        assert good.url in page
        assert "status 500" in page


def test_the_command_tries_every_server_and_tells_them_apart(monkeypatch, tmp_path):
    with pools_of([completion(GOOD)], [completion("Rubbish 7!")], [BUSY], models=MODELS) as pools:
        monkeypatch.setenv("EXPLAINER_OPENAI_URL", ",".join(pool.url for pool in pools))
        monkeypatch.setenv("EXPLAINER_OPENAI_MODEL", NAME)
        monkeypatch.setattr(console, "width", 220)
        run = CliRunner().invoke(main, ["engines", "--json", str(tmp_path / "found.json")])
        assert run.exit_code == 1, run.output
        for word in ("not usable", "usable", "/models/smollm2", "/adapters/en", "You gave {b1}", "status 503"):
            assert word in run.output
        assert "different sentences" in run.output
        found = json.loads((tmp_path / "found.json").read_bytes())
        assert [bool(one["trouble"]) for one in found] == [False, False, True]
        assert "Zqvxk" not in json.dumps([pool.requests for pool in pools])  # no title reaches a model
        monkeypatch.setenv("EXPLAINER_OPENAI_URL", pools[0].url)
        run = CliRunner().invoke(main, ["engines"])
        assert run.exit_code == 0, run.output
        assert "different sentences" not in run.output


def test_the_command_says_what_to_set(monkeypatch):
    monkeypatch.delenv("EXPLAINER_OPENAI_URL", raising=False)
    run = CliRunner().invoke(main, ["engines"])
    assert run.exit_code == 1
    assert "EXPLAINER_OPENAI_URL" in run.output
