"""Examples as tensors: prompt and answer in the model's chat format, loss on the answer's tokens only."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import torch
from transformers import PreTrainedTokenizerBase

from explainer.tuning.augment import augmented
from explainer.tuning.examples import Example
from explainer.writing.cues import cue_of
from explainer.writing.engines.transformers_peft import chat_text
from explainer.writing.names import shortened
from explainer.writing.prompts import Prompt, PromptLibrary

_IGNORED = -100  # torch's cross entropy skips targets with this value
Batch = dict[str, torch.Tensor]
Row = tuple[list[int], int]
"""Token ids of prompt and answer, and how many of them are the answer's."""


def prompt_of(example: Example, prompts: PromptLibrary, *, free: bool = False) -> Prompt:
    """Return the prompt that an example answers; ``free`` leaves out how the answer begins."""
    cue = "" if free else cue_of(example.text, example.aspects)
    return prompts.prompt(example.evidence(), cue, example.style)


class Batcher:
    """Makes batches of examples.

    Args:
        tokenizer: The base model's tokenizer.
        prompts: Templates that render the examples' evidence.
        free: Share of examples whose prompt leaves the beginning of the text free.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, prompts: PromptLibrary, free: float = 0.0) -> None:
        self._tokenizer = tokenizer
        self._prompts = prompts
        self._free = free

    def epoch(self, examples: Sequence[Example], size: int, rng: random.Random) -> Iterator[Batch]:
        """Yield one shuffled pass with aspects exchanged at random; neighbours in length share a batch."""
        rows = [self._row(augmented(example, rng), free=rng.random() < self._free) for example in examples]
        # A little noise, so that the same texts do not always meet.
        rows.sort(key=lambda row: len(row[0]) + 6 * rng.random())
        batches = [rows[start : start + size] for start in range(0, len(rows), size)]
        rng.shuffle(batches)
        yield from map(self._padded, batches)

    def batch(self, examples: Sequence[Example]) -> Batch:
        """Return ``input_ids``, ``attention_mask``, ``position_ids``, ``labels``, each int64 [batch, longest].

        Rows are padded on the left, so that all answers end together and few positions need the output layer.
        """
        return self._padded([self._row(example) for example in examples])

    def _padded(self, rows: Sequence[Row]) -> Batch:
        longest = max(len(ids) for ids, _ in rows)
        fill = [longest - len(ids) for ids, _ in rows]
        pad = self._tokenizer.pad_token_id
        mask = torch.tensor([[0] * n + [1] * len(ids) for n, (ids, _) in zip(fill, rows, strict=True)])
        return {
            "input_ids": torch.tensor([[pad] * n + ids for n, (ids, _) in zip(fill, rows, strict=True)]),
            "attention_mask": mask,
            "position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0),
            "labels": torch.tensor([[_IGNORED] * (longest - answer) + ids[-answer:] for ids, answer in rows]),
        }

    def _row(self, example: Example, *, free: bool = False) -> Row:
        prompt = prompt_of(example, self._prompts, free=free)
        asked = self._tokenizer(chat_text(self._tokenizer, prompt), add_special_tokens=False)["input_ids"]
        ending = self._tokenizer.eos_token
        text = shortened(example.text, example.evidence())
        answer = self._tokenizer(text + str(ending), add_special_tokens=False)["input_ids"]
        return asked + answer, len(answer)
