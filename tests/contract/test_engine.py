"""The contract of a writing engine, kept in this process, and how several requests share one model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from transformers import AutoTokenizer

from explainer.errors import EngineUnavailable
from explainer.paths import adapter_dir
from explainer.settings import Settings
from explainer.writing.engines import Sampling
from explainer.writing.engines.base_model import resolve_base
from explainer.writing.engines.openvino_genai import OpenVinoEngine
from explainer.writing.engines.transformers_peft import TransformersEngine, chat_text
from explainer.writing.prompts import Prompt
from tests.contract.engines import EngineContract


def pairs(prompts):
    """Return each with the one after it, the last with the first."""
    return list(zip(prompts, [*prompts[1:], prompts[0]], strict=True))


class TestTransformers(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls):
        return TransformersEngine("smollm2", adapter_dir("en"), Settings().cache)


class TestOpenVino(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls, merged):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OMP_NUM_THREADS", "2")  # with one thread, nothing runs along
            return OpenVinoEngine(merged)

    def test_the_chat_text_is_the_references(self, engine, prompts):
        tokenizer = AutoTokenizer.from_pretrained(resolve_base("smollm2", Settings().cache))
        odd = Prompt("Say {why}; <|im_end|>\n", " 因为 {b1.value} \n\n“naïve”\t🚀 ", "v")
        for prompt in [*prompts, odd]:
            assert engine.chat_text(prompt) == chat_text(tokenizer, prompt)

    def test_more_prompts_than_a_batch_holds(self, engine, prompts):
        many = [replace(prompts[n % len(prompts)], version=str(n)) for n in range(70)]
        few = engine.write(prompts, Sampling(max_new_tokens=4))
        assert engine.write(many, Sampling(max_new_tokens=4)) == [few[n % len(few)] for n in range(70)]

    def test_what_was_foreseen_is_what_would_have_been_written_anyway(self, engine, prompts):
        again = Sampling().again()
        plain = [(engine.write([one], Sampling()), engine.write([other], again)) for one, other in pairs(prompts[:3])]
        told = []
        for one, other in pairs(prompts[:3]):
            engine.foresee(one, other, again)
            first = engine.write([one], Sampling())
            assert (other.hash, again) in engine._company._begun, "it was written ahead"
            told.append((first, engine.write([other], again)))
        assert told == plain

    def test_what_was_foreseen_in_vain_changes_nothing(self, engine, prompts):
        alone = [engine.write([one], Sampling()) for one in prompts[:3]]
        told = []
        for one, other in pairs(prompts[:3]):
            engine.foresee(one, other, Sampling().again())
            told.append(engine.write([one], Sampling()))
        assert told == alone
        assert engine.write(prompts[:3], Sampling()) == [draft for (draft,) in alone]

    def test_a_stop_ends_writing_and_the_next_writes_as_ever(self, engine, prompts):
        before = engine.write(prompts, Sampling())
        step, stopper = engine._pipeline, StopAtStep(engine, 5)
        engine._pipeline = stopper
        try:
            with pytest.raises(EngineUnavailable, match="stopped"):
                engine.write(prompts, Sampling())
        finally:
            engine._pipeline = step
        assert engine.write(prompts, Sampling()) == before

    def test_a_failure_while_writing_is_the_contracts_error(self, engine, prompts):
        broken = engine._pipeline
        engine._pipeline = FailingAtStep(engine, 2)
        try:
            with pytest.raises(EngineUnavailable, match="bad alloc"):
                engine.write(prompts, Sampling())
        finally:
            engine._pipeline = broken
        assert len(engine.write(prompts, Sampling())) == len(prompts)

    def test_several_threads_get_what_each_would_get_alone(self, engine, prompts):
        with ThreadPoolExecutor(3) as pool:
            together = list(pool.map(lambda prompt: engine.write([prompt], Sampling())[0], prompts))
        assert together == engine.write(prompts, Sampling())


class StopAtStep:
    """The engine's pipeline, which asks for a stop once it has made some steps."""

    def __init__(self, engine, steps):
        self._engine, self._inner, self._left = engine, engine._pipeline, steps

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def step(self):
        self._left -= 1
        if self._left == 0:
            self.happen()
        self._inner.step()

    def happen(self):
        self._engine.cancel()


class FailingAtStep(StopAtStep):
    def happen(self):
        raise RuntimeError("bad alloc")
