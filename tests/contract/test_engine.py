"""The contract of a writing engine, on the real model with the adapter that ships."""

from __future__ import annotations

import pytest

from explainer.errors import AssetError
from explainer.paths import adapter_dir
from explainer.settings import Settings
from explainer.writing.engines import Engine, Sampling
from explainer.writing.engines.transformers_peft import TransformersEngine
from explainer.writing.gate import check
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from tests.unit.test_gate import evidence

FACTS = [
    evidence("r drama"),
    evidence("r sci-fi", "r sci-fi"),
    evidence("r people"),
    evidence("r crime", "r crime", "r crime"),
    evidence("r comedy,romance"),
    evidence("r people", "r drama"),
]
OPENINGS = ["you", "item", "people", "behaviour", "you", "item"]


class EngineContract:
    """Subclass with a class-wide fixture ``engine``."""

    @pytest.fixture(scope="class")
    @classmethod
    def prompts(cls):
        library = PromptLibrary()
        return [library.prompt(facts, opening) for facts, opening in zip(FACTS, OPENINGS, strict=True)]

    def test_is_an_engine_with_versions(self, engine):
        assert isinstance(engine, Engine)
        assert engine.name
        assert len(engine.model_hash) == len(engine.adapter_hash) == 64
        assert "en" in engine.locales
        assert "video" in engine.domains

    def test_one_draft_per_prompt_in_order_and_the_same_again(self, engine, prompts):
        first = engine.write(prompts, Sampling())
        assert len(first) == len(prompts)
        assert engine.write(prompts, Sampling()) == first

    def test_a_draft_does_not_depend_on_its_batch(self, engine, prompts):
        assert engine.write(prompts, Sampling()) == [engine.write([prompt], Sampling())[0] for prompt in prompts]

    def test_another_try_is_another_draft(self, engine, prompts):
        first, second = (engine.write(prompts, Sampling(attempt=n)) for n in (0, 1))
        assert first != second

    def test_without_temperature_tries_are_equal(self, engine, prompts):
        first, second = (engine.write(prompts[:2], Sampling(temperature=0, attempt=n)) for n in (0, 1))
        assert first == second

    def test_drafts_are_slotted_sentences_and_most_pass_the_gate(self, engine, prompts):
        passed = 0
        for facts, prompt in zip(FACTS, prompts, strict=True):
            tries = [engine.write([prompt], Sampling(attempt=n))[0] for n in (0, 1)]
            passed += any(check(draft.text, facts, load_vocabulary("en")).passed for draft in tries)
        assert passed >= len(FACTS) / 2

    def test_nothing_asked_nothing_written(self, engine):
        assert engine.write([], Sampling()) == []


class TestTransformers(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls):
        return TransformersEngine("smollm2", adapter_dir("en"), Settings().cache)


def test_a_missing_adapter_and_a_missing_base_are_clear_errors(tmp_path):
    with pytest.raises(AssetError, match="explainer tune"):
        TransformersEngine("smollm2", tmp_path, tmp_path)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(AssetError, match=r"no model file at .*x\.gguf"):
        TransformersEngine(str(tmp_path / "x.gguf"), tmp_path, tmp_path)
    with pytest.raises(AssetError, match="cannot be loaded"):
        TransformersEngine("no-such/model-anywhere", tmp_path, tmp_path)
