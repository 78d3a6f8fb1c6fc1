"""What every writing engine must do, on the real model with the adapter that ships."""

from __future__ import annotations

import pytest

from explainer.writing.engines import Engine, Sampling
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
CUES = ["You gave", "You liked", "{co1.n} of", "You liked", "You gave", "You liked"]


class EngineContract:
    """Subclass with a class-wide fixture ``engine``."""

    @pytest.fixture(scope="class")
    @classmethod
    def prompts(cls):
        library = PromptLibrary()
        return [library.prompt(facts, cue) for facts, cue in zip(FACTS, CUES, strict=True)]

    @pytest.fixture(scope="class")
    @classmethod
    def written(cls, engine, prompts):
        """What the engine writes for them all; asked once, as it takes most of the time."""
        return engine.write(prompts, Sampling())

    def test_is_an_engine_with_versions(self, engine):
        assert isinstance(engine, Engine)
        assert engine.name
        assert len(engine.model_hash) == len(engine.adapter_hash) == 64
        assert "en" in engine.locales
        assert "video" in engine.domains

    def test_one_draft_per_prompt_in_order_and_the_same_again(self, engine, prompts, written):
        assert len(written) == len(prompts)
        assert engine.write(prompts[::-1], Sampling()) == written[::-1]

    def test_a_draft_does_not_depend_on_its_batch(self, engine, prompts, written):
        assert written[:3] == [engine.write([prompt], Sampling())[0] for prompt in prompts[:3]]

    def test_another_try_is_another_draft(self, engine, prompts):
        first, second = (engine.write(prompts[:2], Sampling(temperature=0.7, attempt=n)) for n in (0, 1))
        assert first != second

    def test_without_temperature_tries_are_equal(self, engine, prompts, written):
        assert Sampling().temperature == 0
        assert engine.write(prompts[:2], Sampling(attempt=1)) == written[:2]

    def test_drafts_are_slotted_sentences_and_most_pass_the_gate(self, written):
        drafts = zip(FACTS, written, strict=True)
        assert sum(check(d.text, facts, load_vocabulary("en")).passed for facts, d in drafts) >= len(FACTS) / 2

    def test_nothing_asked_nothing_written(self, engine):
        assert engine.write([], Sampling()) == []
