"""What the openai engine learns of its server at the start, and settings that cannot be used."""

from __future__ import annotations

import json
import socket

import pytest
from pydantic import SecretStr

from explainer.errors import EngineUnavailable, SettingsError
from explainer.settings import Settings
from explainer.writing.engines import Draft, Sampling
from explainer.writing.engines.openai_compatible import OpenAIEngine
from explainer.writing.engines.remote import Remote
from tests.integration.asked_over_http import PROMPT, SECRET, engine_for
from tests.pool import GOOD, Pool, answer, cards

BASE = {"id": "smollm2", "root": "HuggingFaceTB/SmolLM2-135M-Instruct", "parent": None, "created": 1}
ADAPTER = {"id": "adapter", "root": "/adapters/en", "parent": "smollm2", "created": 1}


def test_versions_follow_what_the_server_says_of_base_and_adapter_but_not_when_it_was_asked():
    with Pool(models=cards(BASE, ADAPTER)) as pool:

        def hashes_of(*rows):
            pool.models = cards(*rows)
            engine = engine_for(pool)
            return engine.model_hash, engine.adapter_hash

        first = hashes_of(BASE, ADAPTER)
        assert hashes_of({**BASE, "created": 2}, {**ADAPTER, "created": 3}) == first
        other_adapter = hashes_of(BASE, {**ADAPTER, "root": "/adapters/new"})
        assert (other_adapter[0] == first[0], other_adapter[1] == first[1]) == (True, False)
        other_base = hashes_of({**BASE, "root": "elsewhere"}, ADAPTER)
        assert (other_base[0] == first[0], other_base[1] == first[1]) == (False, True)


@pytest.mark.parametrize("models", [answer(b"<html>"), answer({}, "404 Not Found"), answer({"data": [{"x": 1}]}), b""])
def test_a_server_that_says_nothing_of_its_models_is_used_all_the_same(models, caplog):
    with Pool(models=models) as pool:
        engine = engine_for(pool)
        assert len(engine.model_hash) == len(engine.adapter_hash) == 64
        assert engine.write([PROMPT], Sampling()) == [Draft(GOOD)]
    assert "says nothing of its models" in caplog.text


def test_the_key_is_never_shown(caplog, monkeypatch):
    monkeypatch.setenv("EXPLAINER_OPENAI_KEY", SECRET)
    settings = Settings()
    caplog.set_level("DEBUG")
    with Pool(answer({}, "500 x")) as pool:
        engine = engine_for(pool, key=settings.openai_key)
        with pytest.raises(EngineUnavailable) as raised:
            engine.write([PROMPT], Sampling())
    assert f"Bearer {SECRET}" in "".join(pool.heads[0])
    shown = [
        repr(settings),
        repr(engine),
        repr(vars(engine)),
        str(raised.value),
        caplog.text,
        settings.model_dump_json(),
    ]
    assert not [text for text in shown if SECRET in text]


@pytest.mark.parametrize(
    ("url", "model", "key", "named"),
    [
        ("", "m", None, "EXPLAINER_OPENAI_URL"),
        ("localhost:8000", "m", None, "EXPLAINER_OPENAI_URL"),
        ("ftp://x/v1", "m", None, "EXPLAINER_OPENAI_URL"),
        ("http://[::1", "m", None, "EXPLAINER_OPENAI_URL"),
        (f"http://me:{SECRET}@x/v1", "m", None, "EXPLAINER_OPENAI_KEY"),
        (f"http://x/v1?key={SECRET}", "m", None, "EXPLAINER_OPENAI_KEY"),
        ("http://x/v1", "", None, "EXPLAINER_OPENAI_MODEL"),
        ("http://x/v1", "m", f"{SECRET}\r\nX: y", "EXPLAINER_OPENAI_KEY"),
        ("http://x/v1", "m", "", "EXPLAINER_OPENAI_KEY"),
    ],
)
def test_settings_that_cannot_be_used_are_named_without_telling_secrets(url, model, key, named):
    with pytest.raises(SettingsError, match=named) as raised:
        Remote(url, model, None if key is None else SecretStr(key))
    assert SECRET not in str(raised.value)


def test_a_proxy_that_cannot_be_used_is_a_clear_error(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "gopher://nowhere")
    with pytest.raises(SettingsError, match="ALL_PROXY"):
        OpenAIEngine(Remote("http://x.invalid", "m"))


def test_v1_is_added_where_there_is_no_path():
    assert Remote("http://x:8000", "m").url == "http://x:8000/v1"
    assert Remote("http://x:8000/openai/v1/", "m").url == "http://x:8000/openai/v1"


def test_a_port_that_accepts_and_never_speaks_does_not_hold_up_the_start(caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        OpenAIEngine(Remote(f"http://127.0.0.1:{port}", "m", timeout_s=0.05))
    assert "says nothing of its models" in caplog.text
    assert json.dumps(port) in caplog.text
