"""Gradient training: schedule, early stopping, best checkpoint, resume, TensorBoard, curves. Knows no recommender."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.tensorboard import SummaryWriter

from retriever.curves import Course, draw_course
from retriever.training_config import Optimizer, TrainingConfig
from retriever.workspace import Workspace

_CHECKPOINT = "checkpoint.pt"
_CLIP = 1.0


@dataclass
class Progress:
    """What has been done so far.

    Attributes:
        epoch: Finished passes.
        train_loss: Mean loss of every pass.
        metric: Validation metric after every pass, higher is better.
        best: Number of the best pass, from 1; 0 before the first.
    """

    epoch: int = 0
    train_loss: list[float] = field(default_factory=list)
    metric: list[float] = field(default_factory=list)
    best: int = 0


class Task(Protocol):
    """What is to be learnt: the examples of a pass, a loss, and how good the network is by now."""

    name: str
    metric_name: str
    network: nn.Module

    @property
    def steps_per_epoch(self) -> int:
        """Batches in a pass."""
        ...

    def losses(self, epoch: int) -> Iterator[Tensor]:
        """Yield the loss of each batch of a pass; the same pass gives the same batches."""
        ...

    def validate(self) -> float:
        """Return the validation metric, higher is better."""
        ...


class Trainer:
    """Trains a task's network in place and leaves it at its best pass.

    Args:
        task: What is to be learnt.
        config: Settings.
        workspace: Where checkpoint, logs and curves go.
        fingerprint: Names data and settings; a checkpoint of another one is not resumed.
    """

    def __init__(self, task: Task, config: TrainingConfig, workspace: Workspace, fingerprint: str) -> None:
        self._task = task
        self._config = config
        self._workspace = workspace
        self._fingerprint = fingerprint
        self._optimizer = _optimizer(task.network, config)
        self._schedule = LambdaLR(self._optimizer, self._rate)
        self._best: dict[str, Tensor] = {}
        self.progress = Progress()

    def _rate(self, step: int) -> float:
        total = self._config.epochs * self._task.steps_per_epoch
        warmup = max(1, round(self._config.warmup * total))
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warmup) / max(1, total - warmup))))

    def run(self) -> Progress:
        """Train until the passes are done or validation stops getting better."""
        self._resume()
        with closing(_Log(self._workspace.folder)) as log:
            while self.progress.epoch < self._config.epochs and not self._is_stale():
                self._epoch(log)
        self._task.network.load_state_dict(self._best)
        if self._workspace.folder is not None:
            draw_course(self._course(), self._workspace.folder / "curves.png")
            (self._workspace.folder / _CHECKPOINT).unlink(missing_ok=True)
        return self.progress

    def _epoch(self, log: _Log) -> None:
        progress, network = self.progress, self._task.network
        # Seeded by pass, so that a resumed run sees what an unbroken one would have seen.
        torch.manual_seed(self._config.seed + progress.epoch)
        network.train()
        steps, losses = self._task.steps_per_epoch, []
        for loss in self._task.losses(progress.epoch):
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
            self._optimizer.step()
            self._schedule.step()
            self._optimizer.zero_grad(set_to_none=True)
            losses.append(loss.detach())
            done = progress.epoch * steps + len(losses)
            self._workspace.on_stage(f"Training {self._task.name}", done, self._config.epochs * steps)
        network.eval()
        progress.epoch += 1
        progress.train_loss.append(float(torch.stack(losses).mean()) if losses else 0.0)
        progress.metric.append(self._task.validate())
        if progress.best == 0 or progress.metric[-1] > progress.metric[progress.best - 1]:
            progress.best = progress.epoch
            self._best = {name: value.detach().clone() for name, value in network.state_dict().items()}
        log.write(progress, self._task.metric_name, float(self._schedule.get_last_lr()[0]))
        self._checkpoint()

    def _is_stale(self) -> bool:
        return self.progress.best > 0 and self.progress.epoch - self.progress.best >= self._config.patience

    def _course(self) -> Course:
        progress, task = self.progress, self._task
        return Course(task.name, progress.train_loss, task.metric_name, progress.metric, progress.best)

    def _checkpoint(self) -> None:
        if self._workspace.folder is None:
            return
        state = {
            "fingerprint": self._fingerprint,
            "network": self._task.network.state_dict(),
            "best": self._best,
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "progress": asdict(self.progress),
        }
        scratch = self._workspace.folder / f"{_CHECKPOINT}.part"
        torch.save(state, scratch)
        scratch.replace(self._workspace.folder / _CHECKPOINT)

    def _resume(self) -> None:
        state = _load_checkpoint(self._workspace.folder)
        if state is None or state["fingerprint"] != self._fingerprint:
            return  # nothing to continue, or it was about other data or settings
        self._task.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._best = state["best"]
        self.progress = Progress(**state["progress"])


def _load_checkpoint(folder: Path | None) -> dict[str, Any] | None:
    if folder is None or not (folder / _CHECKPOINT).is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(folder / _CHECKPOINT, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, UnpicklingError):
        return None  # half a file from a stop in mid-write: only the passes in it are lost
    return state


def _optimizer(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    parameters = [p for p in network.parameters() if p.requires_grad]
    if config.optimizer is Optimizer.SGD:
        rate, decay = config.learning_rate, config.weight_decay
        return torch.optim.SGD(parameters, lr=rate, momentum=0.9, weight_decay=decay)
    return torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)


class _Log:
    """TensorBoard event files, where there is a folder for them."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._writer = SummaryWriter(str(folder / "tensorboard")) if folder else None

    def write(self, progress: Progress, metric_name: str, rate: float) -> None:
        """Write the last pass."""
        if self._writer is None:
            return
        values = {"loss/train": progress.train_loss[-1], f"validation/{metric_name}": progress.metric[-1], "rate": rate}
        for name, value in values.items():
            self._writer.add_scalar(name, value, progress.epoch)

    def close(self) -> None:
        """Flush to disk."""
        if self._writer is not None:
            self._writer.close()
