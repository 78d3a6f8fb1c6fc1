"""The CPU engine: base and adapter merged into one GGUF file, through OpenVINO GenAI. Loads no torch.

OpenVINO's defaults are kept, they were the best of what was measured (int8 products with activations quantised in
groups of 32, bfloat16 where the machine has it, attention's memory in 8 bits): other precisions were slower and passed
the gate no more often, a cached graph loaded no faster, and sharing prefixes between prompts would make a draft depend
on what was written before it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from explainer.errors import AssetError, EngineUnavailable
from explainer.writing.engines.base import Draft, Sampling
from explainer.writing.engines.company import Company, is_running, is_whole
from explainer.writing.engines.gguf_header import ADAPTER_HASH, BASE_HASH, Value, read_header
from explainer.writing.engines.openvino_library import genai
from explainer.writing.engines.seed import seed_of
from explainer.writing.engines.skills import Skills
from explainer.writing.prompts import Prompt

if TYPE_CHECKING:
    from openvino_genai import ContinuousBatchingPipeline, GenerationConfig
    from openvino_genai.py_openvino_genai import GenerationHandle

_AT_ONCE = 64
_FILLER = "."
# Slots and aspects are copied from the prompt, so the next words after three known ones are guessed from it and checked
# in one step. One draft alone is written 1.4 times as fast, in batches .85 times; 2 and 5 guesses do less.
_GUESSED, _KNOWN = 3, 3
# More than all prompts under way have tokens: a prompt that is read in two parts is not computed as it is alone.
_TOKENS_AT_ONCE = 32_768


class OpenVinoEngine:
    """Writes with a merged file; safe to call from several threads, one at a time gets the model.

    Args:
        model: GGUF file made by ``explainer export``.
        skills: What the adapter was trained to write.

    Raises:
        AssetError: If the file is missing, damaged, of another kind, or too big for this machine's memory.
    """

    name = "openvino"

    def __init__(
        self,
        model: Path,
        *,
        skills: Skills | None = None,
    ) -> None:
        fields = read_header(model)
        self.model_hash, self.adapter_hash = (_hash(fields, key, model) for key in (BASE_HASH, ADAPTER_HASH))
        skills = skills or Skills()
        self.locales, self.domains = skills.locales, skills.domains
        self._threads = _threads()
        # OpenVINO gives the thread that loads a model a stack for signals, and takes it from the one that frees it. If
        # that is another, the first is left with a stack that is gone, and the next signal there ends the process. The
        # main thread hears signals, so none is ever loaded there.
        with ThreadPoolExecutor(1, "loading") as thread:
            self._pipeline = thread.submit(_load, model, self._threads).result()
        self._tokenizer = self._pipeline.get_tokenizer()
        self._asked = 0
        self._company = Company(self._threads - 1, self._begin, lambda like: self._ask(_FILLER, _filler(like)))
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:
        """Return one draft per prompt, in order (see :class:`~explainer.writing.engines.base.Engine`)."""
        with self._lock:
            self._stopped.clear()
            try:
                return self._written(prompts, sampling)
            except (RuntimeError, MemoryError) as error:
                raise EngineUnavailable(f"The language model could not write: {error}") from error

    def cancel(self) -> None:
        """Let a :meth:`write` in another thread end after its next word, with :class:`EngineUnavailable`."""
        self._stopped.set()

    def chat_text(self, prompt: Prompt) -> str:
        """Return the prompt in the base's own chat format, ready for its answer."""
        messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
        return str(self._tokenizer.apply_chat_template(messages, add_generation_prompt=True))

    def foresee(self, prompt: Prompt, following: Prompt, sampling: Sampling) -> None:
        """Hear what may be asked for after a prompt: it is written beside that one, if that is asked for alone."""
        self._company.foresee(prompt, following, sampling)

    def _written(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:
        """Write word by word, so that it can be stopped; a draft that is done makes room for the next prompt."""
        waiting = iter(enumerate(prompts))
        alone = prompts[0] if len(prompts) == 1 else None
        drafts: dict[int, Draft] = {}
        ours: dict[int, GenerationHandle] = {}
        try:
            while len(drafts) < len(prompts):
                for place, prompt in islice(waiting, _AT_ONCE - len(ours)):
                    ours[place] = self._company.claim(prompt, sampling) or self._begin(prompt, sampling)
                ended = [place for place, handle in ours.items() if not is_running(handle)]
                if not ended:  # else there might be fewer than threads
                    self._company.make_up(sampling, alone)
                    self._step()
                for place in ended:
                    drafts[place] = self._draft(ours.pop(place))
        except BaseException:
            self._company.dismiss()
            raise
        finally:
            self._forget(ours.values())
        return [drafts[place] for place in range(len(prompts))]

    def _begin(self, prompt: Prompt, sampling: Sampling) -> GenerationHandle:
        return self._ask(self.chat_text(prompt), _config(sampling, seed_of(prompt.hash, sampling.attempt)))

    def _ask(self, text: str, config: GenerationConfig) -> GenerationHandle:
        self._asked += 1
        return self._pipeline.add_request(self._asked, text, config)

    def _step(self) -> None:
        if self._stopped.is_set():
            raise EngineUnavailable("Writing was stopped.")
        self._pipeline.step()

    def _draft(self, done: GenerationHandle) -> Draft:
        if not is_whole(done):
            raise EngineUnavailable("The language model is short of memory.")
        return Draft(self._tokenizer.decode(done.read_all()[0].generated_ids).strip())

    def _forget(self, unfinished: Collection[GenerationHandle]) -> None:
        """Drop what was not finished: it would go on with the next batch."""
        for handle in unfinished:
            handle.cancel()
        # A step takes them off the list. Where something stays it would be computed without company; the next one does.
        if not self._company.rest() and self._pipeline.has_non_finished_requests():
            self._pipeline.step()


def _load(model: Path, threads: int) -> ContinuousBatchingPipeline:
    library = genai()
    scheduler = library.SchedulerConfig()
    scheduler.cache_size = 0  # grows with what is asked for
    scheduler.max_num_batched_tokens = _TOKENS_AT_ONCE
    # Not pinned: threads that wait for a core others are busy on hold all of them up.
    properties = {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False, "prompt_lookup": True}
    try:
        return library.ContinuousBatchingPipeline(str(model), scheduler, "CPU", properties)
    except (RuntimeError, MemoryError) as error:
        raise AssetError(
            f"OpenVINO can't load {model}: {error}. If it is short of memory, free about four times the file's size; "
            "else export anew (explainer export), or set EXPLAINER_ENGINE=transformers."
        ) from error


def _threads() -> int:
    """Return how many threads to use, by torch's rule: a variable, or one for each core that is ours."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _hash(fields: dict[str, Value], key: str, model: Path) -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        raise AssetError(f"{model} does not say what it was made of; make it with: explainer export --out {model}")
    return value


def _config(sampling: Sampling, seed: int) -> GenerationConfig:
    config = genai().GenerationConfig()
    config.apply_chat_template = False  # it was, by us
    config.max_new_tokens = sampling.max_new_tokens
    config.num_assistant_tokens, config.max_ngram_size = _GUESSED, _KNOWN
    if sampling.temperature > 0:
        config.do_sample = True
        config.temperature = sampling.temperature
        config.top_k = sampling.top_k
        config.rng_seed = seed
    return config


def _filler(sampling: Sampling) -> GenerationConfig:
    config = _config(replace(sampling, temperature=0), 0)
    config.ignore_eos = True
    config.max_new_tokens *= _GUESSED + 1  # lasts as long as the longest draft may, even if every guess is right
    return config
