"""The course of training as a picture."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from explainer.tuning.train import Progress

_INK, _SOFT, _WARM = "#1f5f5b", "#c9d6d3", "#c2410c"


def draw_curves(progress: Progress, path: Path) -> None:
    """Write a PNG: losses above, share of held-out drafts that pass the gate below, the kept pass marked in both."""
    figure = Figure(figsize=(7, 5.5), layout="constrained")
    losses, rates = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    recorded = len(progress.train_loss)
    along = [progress.epoch * (n + 1) / recorded for n in range(recorded)]
    losses.plot(along, progress.train_loss, color=_SOFT, linewidth=1, label="training, as recorded")
    losses.plot(along, _smoothed(progress.train_loss), color=_INK, label="training, smoothed")
    losses.plot(*_by_pass(progress.dev_loss), "o-", color=_WARM, label="held out")
    losses.set(ylabel="loss (nats per token)", title="LoRA training", ylim=(0, None))
    losses.legend(frameon=False)
    rates.plot(*_by_pass([100 * rate for rate in progress.gate_rate]), "o-", color=_WARM)
    rates.set(ylabel="first drafts that\npass the gate (%)", xlabel="passes over the corpus", ylim=(0, 100))
    for axes in (losses, rates):
        axes.axvline(progress.best, color=_INK, linestyle=":", linewidth=1)
        axes.spines[["top", "right"]].set_visible(False)
    rates.annotate(
        f"kept: pass {progress.best}", (progress.best, 8), xytext=(-6, 0), textcoords="offset points", ha="right"
    )
    figure.savefig(path, dpi=120)


def _by_pass(values: list[float]) -> tuple[list[int], list[float]]:
    return list(range(1, len(values) + 1)), values


def _smoothed(values: list[float], weight: float = 0.9) -> list[float]:
    smooth, mean = [], values[0] if values else 0.0
    for value in values:
        mean = weight * mean + (1 - weight) * value
        smooth.append(mean)
    return smooth
