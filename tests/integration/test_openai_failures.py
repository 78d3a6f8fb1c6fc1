"""The openai engine against a server that fails in every way it can: EngineUnavailable or a draft, no traceback."""

from __future__ import annotations

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from explainer.errors import EngineUnavailable
from explainer.writing.engines import Draft, Sampling
from explainer.writing.engines.breaker import Breaker
from explainer.writing.engines.openai_compatible import OpenAIEngine
from explainer.writing.engines.remote import MAX_BODY_BYTES, Remote
from explainer.writing.engines.retry import Retry
from explainer.writing.prompts import Prompt
from tests.integration.asked_over_http import FAST, PROMPT, SECRET, engine_for, write
from tests.pool import GOOD, Pool, answer, completion


def test_the_request_is_what_servers_understand_and_the_answer_is_a_stripped_draft():
    with Pool(completion(f"  {GOOD}\n")) as pool:
        assert write(pool, key=SecretStr(SECRET)) == [Draft(GOOD)]
    (request,) = pool.requests
    assert request["messages"] == [{"role": "system", "content": "system"}, {"role": "user", "content": "user"}]
    assert set(request) == {"model", "messages", "temperature", "max_tokens", "seed", "stream"}
    assert (request["model"], request["max_tokens"]) == ("adapter", 96)
    assert f"Authorization: Bearer {SECRET}\r\n" in pool.heads[0]


def test_the_seed_follows_prompt_and_attempt():
    with Pool() as pool:
        engine = engine_for(pool)
        for prompt, attempt in ((PROMPT, 0), (PROMPT, 0), (PROMPT, 1), (Prompt("system", "other", "v"), 0)):
            engine.write([prompt], Sampling(attempt=attempt))
    seeds = [request["seed"] for request in pool.requests]
    assert seeds[0] == seeds[1]
    assert len(set(seeds)) == 3
    assert all(0 <= seed < 2**31 for seed in seeds)


RUBBISH = {
    "html": answer(b"<html><body>It works!</body></html>"),
    "nothing": answer(b""),
    "half": answer(b'{"choices": [{"mess'),
    "no choices": answer({"choices": []}),
    "no choices at all": answer({"error": "x"}),
    "null choices": answer({"choices": None}),
    "null content": completion(None),
    "number content": completion(7),
    "list content": completion([{"type": "text", "text": "x"}]),
    "empty text": completion(" \n "),
    "a list": answer([1, 2]),
    "not utf-8": answer(b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'),
    "half a surrogate": answer(b'{"choices": [{"message": {"content": "\\ud800"}}]}'),
    "deeply nested": answer(b'{"x":' + b"[" * 100_000),
    "ten megabytes": answer(b'{"choices": "' + b"x" * 10_000_000 + b'"}'),
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 50_000 + b"Content-Length: 0\r\n\r\n",
    "not http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a lying length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
    "a redirect": answer(b"", "302 Found", "Location: http://127.0.0.1:9/elsewhere\r\n"),
    "no content": b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    "compressed": answer(gzip.compress(b"x" * 10_000_000), headers="Content-Encoding: gzip\r\n"),
}


@pytest.mark.parametrize("rubbish", RUBBISH.values(), ids=RUBBISH)
def test_rubbish_is_an_outage_and_never_a_traceback(rubbish):
    with Pool(rubbish) as pool, pytest.raises(EngineUnavailable, match=r"http://127\.0\.0\.1"):
        write(pool)


def test_an_endless_body_is_read_no_further_than_the_limit():
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Pool(head + chunk * 200) as pool, pytest.raises(EngineUnavailable, match=str(MAX_BODY_BYTES)):
        write(pool)


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "401 Unauthorized", "404 Not Found", "422 Unprocessable Content"]
)
def test_a_refusal_is_not_retried_and_its_body_not_quoted(status):
    refusal = answer({"error": f"bad key {SECRET}"}, status)
    with Pool(refusal) as pool, pytest.raises(EngineUnavailable, match=status[:3]) as raised:
        write(pool, key=SecretStr(SECRET))
    assert len(pool.requests) == 1
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "bad",
    [
        answer({}, "500 Internal Server Error"),
        answer({}, "503 Service Unavailable", "Retry-After: 0\r\n"),
        answer({}, "429 Too Many Requests", "Retry-After: soon\r\n"),
        answer({}, "429 Too Many Requests", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{",  # dies in the middle of its answer
        b"",  # hangs up without a word
    ],
    ids=["500", "503", "429 vaguely", "429 long ago", "dies", "hangs up"],
)
def test_what_may_pass_is_retried(bad):
    with Pool(bad, bad, completion(GOOD)) as pool:
        assert write(pool) == [Draft(GOOD)]
    assert len(pool.requests) == 3


def test_three_failures_are_enough():
    bad = answer({}, "500 Internal Server Error")
    with Pool(bad) as pool, pytest.raises(EngineUnavailable, match="status 500, 3 of 3 times"):
        write(pool)
    assert len(pool.requests) == 3


def test_who_is_told_to_come_back_after_the_deadline_gives_up_at_once():
    later = answer({}, "429 Too Many Requests", "Retry-After: 3600\r\n")
    with Pool(later) as pool, pytest.raises(EngineUnavailable, match="status 429"):
        write(pool)
    assert len(pool.requests) == 1


def test_nobody_there_is_an_outage():
    with Pool() as pool:
        gone = pool.url
    with pytest.raises(EngineUnavailable, match="ConnectError"):
        OpenAIEngine(Remote(gone, "m"), retry=FAST).write([PROMPT], Sampling())


def test_a_stalled_server_costs_the_timeout_once():
    with Pool(None) as pool:
        with pytest.raises(EngineUnavailable, match="ReadTimeout"):
            write(pool, timeout_s=0.05)
        assert pool.hung_up.wait(20)
    assert len(pool.requests) == 1


def test_the_deadline_holds_for_a_server_that_drips():
    def drip(_):
        return b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"  # and then nothing

    with Pool(drip) as pool, pytest.raises(EngineUnavailable, match=r"not done within 0\.2 s"):
        write(pool, deadline_s=0.2)


def test_requests_go_out_together_up_to_the_limit_and_drafts_come_back_in_order():
    together, lock, under_way, most = threading.Barrier(4), threading.Lock(), [0], [0]

    def wait_for_the_others(request):
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        together.wait(20)  # breaks, and with it the test, unless four requests are under way at once
        with lock:
            under_way[0] -= 1
        return completion(request["messages"][1]["content"])

    prompts = [Prompt("s", f"prompt {n}", "v") for n in range(12)]
    with Pool(wait_for_the_others) as pool:
        drafts = engine_for(pool, concurrency=4).write(prompts, Sampling())
    assert drafts == [Draft(prompt.user) for prompt in prompts]
    assert most == [4]


def test_one_failure_stops_the_other_requests_of_the_call():
    def first_fails(request):
        return answer({}, "400 Bad Request") if request["messages"][1]["content"] == "bad" else None

    with Pool(first_fails) as pool, pytest.raises(EngineUnavailable, match="status 400"):
        engine_for(pool).write([PROMPT, Prompt("s", "bad", "v")], Sampling())


def test_cancel_closes_the_requests_so_that_the_server_can_stop():
    with Pool(None) as pool, ThreadPoolExecutor(1) as thread:
        engine = engine_for(pool)
        call = thread.submit(engine.write, [PROMPT], Sampling())
        assert pool.stalled.wait(20)
        engine.cancel()
        with pytest.raises(EngineUnavailable, match="cancelled"):
            call.result(20)
        assert pool.hung_up.wait(20)
    engine.cancel()  # nothing under way: nothing happens


def test_after_failures_in_a_row_the_server_is_left_alone_until_it_answers_a_look():
    now = [0.0]
    breaker = Breaker(failures=2, pause_s=10, clock=lambda: now[0])
    bad = answer({}, "500 Internal Server Error")
    with Pool(bad, bad, bad, completion(GOOD)) as pool:
        engine = engine_for(pool, breaker=lambda: breaker, retry=Retry(tries=1))

        def fails(match):
            with pytest.raises(EngineUnavailable, match=match):
                engine.write([PROMPT], Sampling())
            return len(pool.requests)

        assert fails("status 500") == 1
        assert fails("status 500") == 2
        assert fails("2 times in a row") == 2
        engine.look()
        assert len(pool.requests) == 2  # its pause is not over
        now[0] = 10.0
        assert fails("in a row") == 2  # nobody who waits for a text tries it
        engine.look()
        assert (len(pool.requests), pool.requests[-1]["max_tokens"]) == (3, 1)
        assert fails("in a row") == 3
        now[0] = 20.0
        engine.look()
        assert engine.trouble is None
        assert engine.write([PROMPT], Sampling()) == [Draft(GOOD)]


def test_a_server_that_failed_and_is_back_writes_a_batch():
    now = [0.0]
    breaker = Breaker(failures=1, pause_s=10, clock=lambda: now[0])
    with Pool(answer({}, "500 Internal Server Error"), completion(GOOD)) as pool:
        engine = engine_for(pool, breaker=lambda: breaker, retry=Retry(tries=1))
        with pytest.raises(EngineUnavailable, match="status 500"):
            engine.write([PROMPT], Sampling())
        now[0] = 10.0
        engine.look()
        two = [PROMPT, Prompt("system", "other", "v")]
        assert engine.write(two, Sampling()) == [Draft(GOOD)] * 2


def test_nothing_to_write_is_no_request_even_with_nobody_there():
    with Pool() as pool:
        engine = engine_for(pool)
    assert engine.write([], Sampling()) == []
