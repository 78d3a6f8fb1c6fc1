"""Servers with another model or adapter behind the name are left out; of the same, versions are the same."""

from __future__ import annotations

import pytest

from explainer.errors import EngineUnavailable
from explainer.writing.engines import Draft, Sampling
from tests.integration.pool.acting import ADAPTER, BASE, MODELS, NAME, PROMPTS, echo, engine_of, pools_of, troubles
from tests.pool import cards


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
