"""The loss curves as a picture."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from explainer.tuning.train import Progress


def draw_curves(progress: Progress, path: Path) -> None:
    """Write a PNG: training loss per step (smoothed), held-out loss per pass, the best pass marked."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    steps = len(progress.train_loss)
    axes.plot(range(1, steps + 1), progress.train_loss, color="#c9d6d3", linewidth=1, label="training, every step")
    axes.plot(range(1, steps + 1), _smoothed(progress.train_loss), color="#1f5f5b", label="training, smoothed")
    per_pass = steps / max(1, len(progress.dev_loss))
    at = [per_pass * (n + 1) for n in range(len(progress.dev_loss))]
    axes.plot(at, progress.dev_loss, "o-", color="#c2410c", label="held out, every pass")
    best = progress.dev_loss.index(min(progress.dev_loss))
    axes.annotate(
        f"kept: {progress.dev_loss[best]:.3f}",
        (at[best], progress.dev_loss[best]),
        xytext=(0, 12),
        textcoords="offset points",
        ha="center",
    )
    axes.set(xlabel="step", ylabel="loss (nats per token)", title="LoRA training", ylim=(0, None))
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def _smoothed(values: list[float], weight: float = 0.9) -> list[float]:
    smooth, mean = [], values[0] if values else 0.0
    for value in values:
        mean = weight * mean + (1 - weight) * value
        smooth.append(mean)
    return smooth
