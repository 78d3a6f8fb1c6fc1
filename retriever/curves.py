"""The course of a training as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

_INK, _WARM = "#1f5f5b", "#c2410c"


@dataclass(frozen=True)
class Course:
    """What a training went through.

    Attributes:
        title: What was trained.
        loss: Training loss of every pass.
        metric_name: What validation measured.
        metric: Its value after every pass.
        best: The pass that was kept, from 1.
    """

    title: str
    loss: Sequence[float]
    metric_name: str
    metric: Sequence[float]
    best: int


def draw_course(course: Course, path: Path) -> None:
    """Write a PNG: loss above, validation below, the kept pass marked in both."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    passes = range(1, len(course.loss) + 1)
    above.plot(passes, course.loss, "o-", color=_INK, markersize=4)
    above.set(ylabel="training loss", title=f"Training {course.title}")
    below.plot(passes, course.metric, "o-", color=_WARM, markersize=4)
    below.set(ylabel=f"validation {course.metric_name}", xlabel="passes over the examples")
    for axes in (above, below):
        axes.axvline(course.best, color=_INK, linestyle=":", linewidth=1)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    corner = {"xycoords": ("data", "axes fraction"), "xytext": (6, 0), "textcoords": "offset points"}
    below.annotate(f"kept: pass {course.best}", (course.best, 0.06), **corner)
    figure.savefig(path, dpi=120)
