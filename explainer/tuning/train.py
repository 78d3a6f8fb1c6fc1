"""LoRA training on the corpus: best adapter kept, early stopping, resumable after any stop.

Best means: most first drafts for held-out evidence pass the gate, ties decided by the held-out loss. The loss alone
prefers adapters that guess the words of one particular sentence; the gate asks whether the facts are right.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from explainer.tuning.augment import augmented
from explainer.tuning.batches import Batch, Batcher, split
from explainer.tuning.config import TuneConfig
from explainer.tuning.examples import Example, opening_of, vocabulary_of
from explainer.writing.engines import Draft, Sampling
from explainer.writing.engines.base_model import load_base
from explainer.writing.engines.transformers_peft import generate
from explainer.writing.gate import check
from explainer.writing.prompts import PromptLibrary

_CHECKPOINT = "checkpoint.pt"
_VARIANTS = 3  # times each held-out example is asked for, with other aspects
_DRAFTS_AT_ONCE = 32


@dataclass
class Progress:
    """What has been done so far; saved in the checkpoint and beside the adapter.

    Attributes:
        epoch: Finished passes.
        train_loss: Mean loss of every step.
        dev_loss: Loss on held-out examples after every pass.
        gate_rate: Share of first drafts for held-out evidence that pass the gate, after every pass, 0 to 1.
        best: Number of the best pass, from 1; 0 before the first.
    """

    epoch: int = 0
    train_loss: list[float] = field(default_factory=list)
    dev_loss: list[float] = field(default_factory=list)
    gate_rate: list[float] = field(default_factory=list)
    best: int = 0


OnStep = Callable[[int, int, float], None]
"""Called after every step with (steps done, steps in all, loss)."""


class Trainer:
    """Trains one adapter into a folder.

    Args:
        config: Settings.
        examples: The corpus.
        out: Folder for adapter, checkpoint and curves.
        cache: Folder for the unpacked base model.
        device: Torch device; a GPU when there is one, by default.
    """

    def __init__(
        self,
        config: TuneConfig,
        examples: Sequence[Example],
        out: Path,
        cache: Path,
        device: str | None = None,
    ) -> None:
        self.config = config
        self.out = out
        self.train_set, self.dev_set = split(examples, config.dev_share)
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(config.seed)
        base, self.tokenizer = load_base(config.base_model, cache, self._device)
        lora = LoraConfig(
            r=config.rank,
            lora_alpha=config.alpha,
            lora_dropout=config.dropout,
            target_modules=list(config.targets),
            task_type="CAUSAL_LM",
        )
        self.model = get_peft_model(base, lora)
        # PEFT would write down where the base lay on this machine; its name is what others can use.
        self.model.peft_config["default"].base_model_name_or_path = config.base_model
        self._prompts = PromptLibrary()
        self._vocabulary = frozenset(vocabulary_of(examples))
        self._batcher = Batcher(self.tokenizer, self._prompts)
        self._steps_per_epoch = math.ceil(len(self.train_set) / config.batch_size)
        self._optimizer = AdamW(
            [p for p in self.model.parameters() if p.requires_grad],
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
        )
        self._schedule = LambdaLR(self._optimizer, self._rate)
        self.progress = Progress()

    def _rate(self, step: int) -> float:
        total = self.config.epochs * self._steps_per_epoch
        warmup = max(1, round(self.config.warmup * total))
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, total - warmup))))

    def run(self, on_step: OnStep) -> Progress:
        """Train until the passes are done or the dev loss stops falling; continue a checkpoint in ``out``."""
        self.out.mkdir(parents=True, exist_ok=True)
        self._resume()
        total = self.config.epochs * self._steps_per_epoch
        while self.progress.epoch < self.config.epochs and not self._is_stale():
            # Seeded by pass, so that a resumed run sees what an unbroken one would have seen.
            torch.manual_seed(self.config.seed + self.progress.epoch)
            rng = random.Random(f"{self.config.seed}:{self.progress.epoch}")
            self.model.train()
            for batch in self._batcher.epoch(self.train_set, self.config.batch_size, rng):
                self.progress.train_loss.append(self._step(batch))
                on_step(len(self.progress.train_loss), total, self.progress.train_loss[-1])
            self._finish_epoch()
        (self.out / _CHECKPOINT).unlink(missing_ok=True)
        return self.progress

    def _step(self, batch: Batch) -> float:
        loss = self._loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimizer.step()
        self._schedule.step()
        self._optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    def _loss(self, batch: Batch) -> torch.Tensor:
        """Return the mean cross entropy of the answers' tokens.

        Only their positions go through the output layer: over a vocabulary of 49,152 that is a third of a step's time.
        """
        placed = {key: tensor.to(self._device) for key, tensor in batch.items()}
        base = self.model.get_base_model()
        hidden = base.model(input_ids=placed["input_ids"], attention_mask=placed["attention_mask"]).last_hidden_state
        targets = placed["labels"][:, 1:]
        answered = targets >= 0
        logits = base.lm_head(hidden[:, :-1][answered])
        return functional.cross_entropy(logits.float(), targets[answered])

    @torch.no_grad()
    def dev_loss(self) -> float:
        """Return the mean loss on the held-out examples, as written (no augmentation)."""
        self.model.eval()
        size = self.config.batch_size
        losses = []
        for start in range(0, len(self.dev_set), size):
            batch = self._batcher.batch(self.dev_set[start : start + size])
            losses.append((float(self._loss(batch)), int((batch["labels"] >= 0).sum())))
        tokens = sum(count for _, count in losses)
        return sum(loss * count for loss, count in losses) / tokens

    def gate_rate(self) -> float:
        """Return the share of first drafts for held-out evidence that pass the gate, 0 to 1."""
        self.model.eval()
        rng = random.Random(self.config.seed)
        asked = [augmented(example, rng) for _ in range(_VARIANTS) for example in self.dev_set]
        prompts = [self._prompts.prompt(example.evidence(), opening_of(example.text)) for example in asked]
        drafts: list[Draft] = []
        for start in range(0, len(prompts), _DRAFTS_AT_ONCE):
            drafts += generate(self.model, self.tokenizer, prompts[start : start + _DRAFTS_AT_ONCE], Sampling())
        passed = [check(d.text, e.evidence(), self._vocabulary).passed for d, e in zip(drafts, asked, strict=True)]
        return sum(passed) / max(1, len(passed))

    def _finish_epoch(self) -> None:
        progress = self.progress
        progress.epoch += 1
        progress.dev_loss.append(self.dev_loss())
        progress.gate_rate.append(self.gate_rate())
        passes = zip(progress.gate_rate, progress.dev_loss, range(1, progress.epoch + 1), strict=True)
        progress.best = max(passes, key=lambda row: (row[0], -row[1]))[2]
        if progress.best == progress.epoch:
            self.model.save_pretrained(self.out)
        self._checkpoint()

    def _is_stale(self) -> bool:
        return self.progress.best > 0 and self.progress.epoch - self.progress.best >= self.config.patience

    def _checkpoint(self) -> None:
        state = {
            "config": msgspec.json.encode(self.config),
            "adapter": get_peft_model_state_dict(self.model),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "progress": vars(self.progress),
        }
        scratch = self.out / f"{_CHECKPOINT}.part"
        torch.save(state, scratch)
        scratch.replace(self.out / _CHECKPOINT)

    def _resume(self) -> None:
        path = self.out / _CHECKPOINT
        if not path.is_file():
            return
        state = torch.load(path, map_location=self._device, weights_only=True)
        if state["config"] != msgspec.json.encode(self.config):
            return  # other settings: start afresh
        set_peft_model_state_dict(self.model, state["adapter"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self.progress = Progress(**state["progress"])
