"""The reference engine: a Hugging Face causal model with our LoRA adapter, through transformers and PEFT."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from peft import PeftModel
from transformers import LogitsProcessorList, PreTrainedModel, PreTrainedTokenizerBase

from explainer.errors import AssetError, EngineUnavailable
from explainer.files import file_hash
from explainer.writing.engines.base import Draft, Sampling
from explainer.writing.engines.base_file import adapter_file
from explainer.writing.engines.base_model import DAMAGED, load_base, resolve_base
from explainer.writing.engines.sampler import SeededGumbel
from explainer.writing.engines.seed import seed_of
from explainer.writing.engines.skills import Skills
from explainer.writing.engines.weights import weights_hash
from explainer.writing.prompts import Prompt

Precision = Literal["float32", "bfloat16"]


class TransformersEngine:
    """Writes with base + adapter; safe to call from several threads, one at a time gets the model.

    Args:
        base: See :func:`~explainer.writing.engines.base_model.resolve_base`.
        adapter: Folder with a PEFT adapter.
        cache: Folder for the unpacked base model.
        skills: What the adapter was trained to write.
        device: Torch device; a GPU when there is one, by default.
        precision: ``bfloat16`` is faster, but rounds so coarsely that padding changes words: 18 of 30 drafts were the
            same alone and in a batch, in ``float32`` all 30.
        batch: Most prompts written for at once.

    Raises:
        AssetError: If base or adapter cannot be loaded.
    """

    name = "transformers"

    def __init__(
        self,
        base: str,
        adapter: Path,
        cache: Path,
        *,
        skills: Skills | None = None,
        device: str | None = None,
        precision: Precision = "float32",
        batch: int = 32,
    ) -> None:
        weights = adapter_file(adapter)
        place = device or ("cuda" if torch.cuda.is_available() else "cpu")
        model, self._tokenizer = load_base(base, cache, place)
        # Merged into the base, in float32 whatever comes then: one matrix product per layer instead of three.
        try:
            merged = PeftModel.from_pretrained(model.float(), str(adapter)).merge_and_unload().eval()
        except DAMAGED as error:
            raise AssetError(f"The adapter in {adapter} cannot be loaded: {type(error).__name__}: {error}") from error
        self._model = merged.bfloat16() if precision == "bfloat16" else merged
        self._lock = threading.Lock()
        self._batch = batch
        skills = skills or Skills()
        self.locales, self.domains = skills.locales, skills.domains
        self.model_hash = weights_hash(resolve_base(base, cache))
        self.adapter_hash = file_hash(weights)

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Draft]:
        """Return one draft per prompt, in order (see :class:`~explainer.writing.engines.base.Engine`)."""
        drafts: list[Draft] = []
        for start in range(0, len(prompts), self._batch):
            try:
                with self._lock:
                    drafts += generate(self._model, self._tokenizer, prompts[start : start + self._batch], sampling)
            except RuntimeError as error:  # torch: out of memory and its kin
                raise EngineUnavailable(f"The language model could not write: {error}") from error
        return drafts


@torch.inference_mode()
def generate(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[Prompt], sampling: Sampling
) -> list[Draft]:
    """Return one draft per prompt from one padded batch."""
    texts = [chat_text(tokenizer, prompt) for prompt in prompts]
    inputs = tokenizer(texts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=False)
    seeds = [seed_of(prompt.hash, sampling.attempt) for prompt in prompts]
    output = model.generate(
        **inputs.to(model.device),
        max_new_tokens=sampling.max_new_tokens,
        do_sample=False,
        logits_processor=LogitsProcessorList([SeededGumbel(seeds, sampling.temperature, sampling.top_k)]),
        pad_token_id=tokenizer.pad_token_id,
    )
    new = output[:, inputs["input_ids"].shape[1] :]
    return [Draft(text.strip()) for text in tokenizer.batch_decode(new, skip_special_tokens=True)]


def chat_text(tokenizer: PreTrainedTokenizerBase, prompt: Prompt) -> str:
    """Return the prompt in the model's own chat format, ready for its answer."""
    messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
