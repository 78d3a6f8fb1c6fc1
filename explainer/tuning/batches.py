"""Examples as tensors: prompt and answer in the model's chat format, loss on the answer's tokens only."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence

import torch
from transformers import PreTrainedTokenizerBase

from explainer.tuning.augment import augmented
from explainer.tuning.examples import Example, opening_of
from explainer.writing.engines.transformers_peft import chat_text
from explainer.writing.prompts import PromptLibrary

_IGNORED = -100  # torch's cross entropy skips targets with this value
Batch = dict[str, torch.Tensor]


def split(examples: Sequence[Example], dev_share: float) -> tuple[list[Example], list[Example]]:
    """Return (train, dev); an example's place depends on its id alone, so adding lines moves no others."""
    train: list[Example] = []
    dev: list[Example] = []
    for example in examples:
        place = int.from_bytes(hashlib.sha256(example.id.encode()).digest()[:4], "big") / 2**32
        (dev if place < dev_share else train).append(example)
    return train, dev


class Batcher:
    """Makes batches of examples.

    Args:
        tokenizer: The base model's tokenizer.
        prompts: Templates that render the examples' evidence.
        locale: Locale of the templates.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, prompts: PromptLibrary, locale: str = "en") -> None:
        self._tokenizer = tokenizer
        self._prompts = prompts
        self._locale = locale

    def epoch(self, examples: Sequence[Example], size: int, rng: random.Random) -> Iterator[Batch]:
        """Yield one shuffled pass with aspects exchanged at random; neighbours in length share a batch."""
        fresh = [augmented(example, rng) for example in examples]
        fresh.sort(key=lambda e: len(e.text) + 60 * len(e.behaviours) + 40 * rng.random())
        batches = [fresh[start : start + size] for start in range(0, len(fresh), size)]
        rng.shuffle(batches)
        for batch in batches:
            yield self.batch(batch)

    def batch(self, examples: Sequence[Example]) -> Batch:
        """Return ``input_ids``, ``attention_mask`` and ``labels``, each int64 [batch, longest]."""
        rows = [self._row(example) for example in examples]
        longest = max(len(ids) for ids, _ in rows)
        pad = self._tokenizer.pad_token_id
        return {
            "input_ids": torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in rows]),
            "attention_mask": torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows]),
            "labels": torch.tensor([labels + [_IGNORED] * (longest - len(labels)) for _, labels in rows]),
        }

    def _row(self, example: Example) -> tuple[list[int], list[int]]:
        prompt = self._prompts.prompt(example.evidence(), opening_of(example.text), locale=self._locale)
        asked = self._tokenizer(chat_text(self._tokenizer, prompt), add_special_tokens=False)["input_ids"]
        ending = self._tokenizer.eos_token
        answer = self._tokenizer(example.text + str(ending), add_special_tokens=False)["input_ids"]
        return asked + answer, [_IGNORED] * len(asked) + answer
