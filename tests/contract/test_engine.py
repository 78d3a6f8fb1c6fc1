"""The contract of a writing engine, on the real model with the adapter that ships."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from explainer.errors import AssetError, EngineUnavailable
from explainer.paths import adapter_dir
from explainer.settings import Settings
from explainer.writing.engines import Engine, Sampling
from explainer.writing.engines.base_file import base_gguf
from explainer.writing.engines.base_model import resolve_base
from explainer.writing.engines.gguf_header import read_header
from explainer.writing.engines.openvino_genai import OpenVinoEngine
from explainer.writing.engines.transformers_peft import TransformersEngine, chat_text
from explainer.writing.gate import check
from explainer.writing.prompts import Prompt, PromptLibrary
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


def pairs(prompts):
    """Return each with the one after it, the last with the first."""
    return list(zip(prompts, [*prompts[1:], prompts[0]], strict=True))


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
        assert written == [engine.write([prompt], Sampling())[0] for prompt in prompts]

    def test_another_try_is_another_draft(self, engine, prompts):
        first, second = (engine.write(prompts[:3], Sampling(temperature=0.7, attempt=n)) for n in (0, 1))
        assert first != second

    def test_without_temperature_tries_are_equal(self, engine, prompts, written):
        assert Sampling().temperature == 0
        assert engine.write(prompts[:2], Sampling(attempt=1)) == written[:2]

    def test_drafts_are_slotted_sentences_and_most_pass_the_gate(self, written):
        drafts = zip(FACTS, written, strict=True)
        assert sum(check(d.text, facts, load_vocabulary("en")).passed for facts, d in drafts) >= len(FACTS) / 2

    def test_nothing_asked_nothing_written(self, engine):
        assert engine.write([], Sampling()) == []


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
        plain = [(engine.write([one], Sampling()), engine.write([other], again)) for one, other in pairs(prompts)]
        told = []
        for one, other in pairs(prompts):
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


TORCH_FREE = """
import sys
from pathlib import Path
from explainer.loading import make_engine
from explainer.settings import Settings
from explainer.server.app import create_app
from explainer.writing.engines import Sampling
from explainer.writing.prompts import Prompt
engine = make_engine(Settings(home=Path(sys.argv[1])))
assert engine.name == "openvino", engine.name
assert engine.write([Prompt("Be brief.", "Say hello.", "v")], Sampling(max_new_tokens=3))[0].text
print([name for name in ("torch", "transformers", "openvino_telemetry") if sys.modules.get(name)])
"""


def test_the_openvino_engine_writes_without_torch_and_without_telemetry(merged, tmp_path):
    home, person = tmp_path / "home", tmp_path / "person"
    person.mkdir()
    (home / "cache").mkdir(parents=True)
    (home / "cache" / merged.name).symlink_to(merged)
    answer = subprocess.run(
        [sys.executable, "-c", TORCH_FREE, str(home)],
        env={**os.environ, "HOME": str(person), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[]"
    assert not list(person.iterdir()), "an id for analytics was left in the home"


FREEING = """
import gc, os, signal, sys, threading
from pathlib import Path
from explainer.writing.engines.openvino_genai import OpenVinoEngine
heard = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: heard.set())
engines = [OpenVinoEngine(Path(sys.argv[1]))]
freeing = threading.Thread(target=lambda: (engines.clear(), gc.collect()))
freeing.start()
freeing.join()
os.kill(os.getpid(), signal.SIGTERM)
assert heard.wait(30)
"""


def test_a_process_hears_signals_after_an_engine_was_freed_in_another_thread(merged):
    run = subprocess.run([sys.executable, "-c", FREEING, str(merged)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("share", [0.0, 0.00001, 0.001, 0.01, 0.013, 0.5, 0.999999])
def test_a_merged_file_that_was_cut_off_is_a_clear_error(merged, tmp_path, share):
    data = merged.read_bytes()
    (tmp_path / "short.gguf").write_bytes(data[: int(share * len(data))])
    with pytest.raises(AssetError, match=r"short\.gguf .*(?s:.*)export anew"):
        OpenVinoEngine(tmp_path / "short.gguf")


def test_other_files_are_clear_errors(tmp_path):
    with pytest.raises(AssetError, match="explainer export"):
        OpenVinoEngine(tmp_path / "none.gguf")
    (tmp_path / "text.gguf").write_text("GGUF it is not, though it says so" * 9)
    with pytest.raises(AssetError, match="no GGUF file"):
        OpenVinoEngine(tmp_path / "text.gguf")
    with pytest.raises(AssetError, match="does not say what it was made of"):
        OpenVinoEngine(base_gguf("smollm2"))


@given(st.binary(max_size=400))
def test_no_header_ends_in_anything_but_a_clear_error(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.gguf")
        for begin in (b"", b"GGUF\x03\x00\x00\x00"):
            path.write_bytes(begin + data)
            with pytest.raises(AssetError):
                read_header(path)


TOO_LITTLE = """
import resource, sys
from pathlib import Path
from explainer.errors import AssetError, EngineUnavailable
from explainer.writing.engines.openvino_genai import OpenVinoEngine
from explainer.writing.engines.openvino_library import genai
genai()
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000, used + 300_000_000))
try:
    OpenVinoEngine(Path(sys.argv[1]))
except AssetError as error:
    print(error)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited in Linux's way")
def test_too_little_memory_is_a_clear_error(merged):
    answer = subprocess.run(
        [sys.executable, "-c", TOO_LITTLE, str(merged)], capture_output=True, text=True, check=False
    )
    assert "free about four times the file's size" in answer.stdout, answer.stderr


def test_a_missing_adapter_and_a_missing_base_are_clear_errors(tmp_path):
    with pytest.raises(AssetError, match="explainer tune"):
        TransformersEngine("smollm2", tmp_path, tmp_path)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(AssetError, match=r"no model file at .*x\.gguf"):
        TransformersEngine(str(tmp_path / "x.gguf"), tmp_path, tmp_path)
    with pytest.raises(AssetError, match="cannot be loaded"):
        TransformersEngine("no-such/model-anywhere", tmp_path, tmp_path)
