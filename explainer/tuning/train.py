"""LoRA training on the corpus: best adapter kept, early stopping, resumable after any stop.

Best means: most first drafts for the dev part's evidence pass the gate, ties decided by its loss. The loss alone
prefers adapters that guess the words of one particular sentence; the gate asks whether the facts are right.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.tensorboard import SummaryWriter
from transformers import PreTrainedModel

from explainer.tuning.augment import augmented
from explainer.tuning.batches import Batch, Batcher, prompt_of
from explainer.tuning.config import TuneConfig
from explainer.tuning.examples import Example, vocabulary_of
from explainer.tuning.families import split
from explainer.writing.engines import Draft, Sampling
from explainer.writing.engines.base_model import load_base
from explainer.writing.engines.transformers_peft import generate
from explainer.writing.gate import review
from explainer.writing.prompts import Prompt, PromptLibrary
from explainer.writing.style import AUDIENCES

_CHECKPOINT = "checkpoint.pt"
_DRAFTS_AT_ONCE = 64


@dataclass
class Progress:
    """What has been done so far; saved in the checkpoint and beside the adapter.

    Attributes:
        epoch: Finished passes.
        train_loss: Mean loss of every step.
        dev_loss: Loss on the dev part after every pass.
        gate_rate: Share of first drafts for the dev part's evidence that pass the gate, after every pass, 0 to 1.
        best: Number of the best pass, from 1; 0 before the first.
        seconds: Time spent, over all resumed runs.
    """

    epoch: int = 0
    train_loss: list[float] = field(default_factory=list)
    dev_loss: list[float] = field(default_factory=list)
    gate_rate: list[float] = field(default_factory=list)
    best: int = 0
    seconds: float = 0.0


def _suit_cpu(base: PreTrainedModel) -> None:
    """Make a step a third shorter: fused attention is slow in bfloat16 here, and so are products of sliced tensors."""
    base.set_attn_implementation("eager")
    base.get_output_embeddings().register_forward_pre_hook(lambda _module, inputs: (inputs[0].contiguous(),))


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
        self.split = split(examples, config.dev_share, config.test_share)
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(config.seed)
        base, self.tokenizer = load_base(config.base_model, cache, self._device)
        base = base.to(getattr(torch, config.precision))
        if self._device == "cpu":
            _suit_cpu(base)
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
        self._vocabulary = {audience: frozenset(vocabulary_of(examples, audience)) for audience in AUDIENCES}
        self._batcher = Batcher(self.tokenizer, self._prompts, config.free)
        self._steps_per_epoch = math.ceil(len(self.split.train) / config.batch_size)
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
        gone = min(1.0, (step - warmup) / max(1, total - warmup))
        return {"constant": 1.0, "linear": 1 - gone, "cosine": 0.5 * (1 + math.cos(math.pi * gone))}[
            self.config.schedule
        ]

    def run(self, on_step: OnStep) -> Progress:
        """Train until the passes are done or the dev loss stops falling; continue a checkpoint in ``out``."""
        self.out.mkdir(parents=True, exist_ok=True)
        self._resume()
        self._board = SummaryWriter(str(self.out / "tensorboard"), purge_step=len(self.progress.train_loss))
        self._since = time.monotonic()
        total = self.config.epochs * self._steps_per_epoch
        while self.progress.epoch < self.config.epochs and not self._is_stale():
            # Seeded by pass, so that a resumed run sees what an unbroken one would have seen.
            torch.manual_seed(self.config.seed + self.progress.epoch)
            rng = random.Random(f"{self.config.seed}:{self.progress.epoch}")
            self.model.train()
            for batch in self._batcher.epoch(self.split.train, self.config.batch_size, rng):
                self.progress.train_loss.append(self._step(batch))
                self._board.add_scalar("loss/train", self.progress.train_loss[-1], len(self.progress.train_loss))
                on_step(len(self.progress.train_loss), total, self.progress.train_loss[-1])
            self._finish_epoch()
        self._board.close()
        return self.progress

    def forget_checkpoint(self) -> None:
        """Delete the checkpoint, once all that comes after training is done: until then it spares another run."""
        (self.out / _CHECKPOINT).unlink(missing_ok=True)

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

        Only the last positions go through the output layer: over a vocabulary of 49,152 it would be a third of a step.
        """
        placed = {key: tensor.to(self._device) for key, tensor in batch.items()}
        targets = placed.pop("labels")
        answers = int((targets >= 0).any(dim=0).sum())
        logits = self.model(**placed, logits_to_keep=answers + 1).logits[:, :-1]
        return functional.cross_entropy(logits.float().flatten(0, 1), targets[:, -answers:].flatten())

    @torch.no_grad()
    def dev_loss(self) -> float:
        """Return the mean loss on the dev part, as written (no augmentation)."""
        self.model.eval()
        size = self.config.batch_size
        losses = []
        for start in range(0, len(self.split.dev), size):
            batch = self._batcher.batch(self.split.dev[start : start + size])
            losses.append((float(self._loss(batch)), int((batch["labels"] >= 0).sum())))
        tokens = sum(count for _, count in losses)
        return sum(loss * count for loss, count in losses) / tokens

    def write(self, prompts: Sequence[Prompt]) -> list[Draft]:
        """Return one first draft per prompt, by the adapter as it is now."""
        self.model.eval()
        drafts: list[Draft] = []
        for start in range(0, len(prompts), _DRAFTS_AT_ONCE):
            drafts += generate(self.model, self.tokenizer, prompts[start : start + _DRAFTS_AT_ONCE], Sampling())
        return drafts

    def gate_rate(self) -> float:
        """Return the share of first drafts for the dev part's evidence that pass the gate, 0 to 1."""
        rng = random.Random(self.config.seed)
        # Of one length together: what is padded is computed.
        asked = sorted((augmented(e, rng) for e in self.split.dev), key=lambda e: len(e.text) + 60 * len(e.behaviours))
        drafts = self.write([prompt_of(example, self._prompts) for example in asked])
        passed = [
            review(draft.text, example.evidence(), self._vocabulary[example.audience], example.style)[1].passed
            for draft, example in zip(drafts, asked, strict=True)
        ]
        return sum(passed) / max(1, len(passed))

    def _finish_epoch(self) -> None:
        progress = self.progress
        progress.epoch += 1
        progress.dev_loss.append(self.dev_loss())
        progress.gate_rate.append(self.gate_rate())
        progress.seconds += time.monotonic() - self._since
        self._since = time.monotonic()
        self._board.add_scalar("loss/dev", progress.dev_loss[-1], len(progress.train_loss))
        self._board.add_scalar("gate/dev", progress.gate_rate[-1], len(progress.train_loss))
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
        began_with = msgspec.json.decode(state["config"], type=TuneConfig)
        # With less patience a run may end sooner; any other setting makes it another run.
        if msgspec.structs.replace(began_with, patience=self.config.patience) != self.config:
            return
        set_peft_model_state_dict(self.model, state["adapter"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self.progress = Progress(**state["progress"])
