"""The fidelity curves as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from explainer.attribution.fidelity.report import FidelityReport

_PANELS = {
    "in_top_20": ("still among the best 20", "most important behaviours taken away"),
    "left": ("score that is left", "most important behaviours taken away"),
    "alone": ("score from them alone", "most important behaviours kept"),
}
# Okabe and Ito's colours, told apart by people who see fewer of them.
_COLOURS = ("#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#999999", "#000000")
_DEFAULT = "#c2410c"


def draw_fidelity(report: FidelityReport, path: Path) -> None:
    """Write a PNG with three panels: place in the list, score after deletion, score by insertion, each by share."""
    figure = Figure(figsize=(14, 4.6), layout="constrained")
    panels = figure.subplots(1, len(_PANELS))
    for axes, (key, (label, what)) in zip(panels, _PANELS.items(), strict=True):
        _lines(axes, report, key)
        axes.set(title=label, xlabel=f"{what}, %")
        axes.spines[["top", "right"]].set_visible(False)
    panels[-1].legend(frameon=False, fontsize=8, loc="lower right")
    figure.suptitle(
        f"{report.dataset}, {report.recommender}: what happens to the best item of {report.users} people "
        "(first two panels: lower is better; third: higher)",
        fontsize=11,
    )
    figure.savefig(path, dpi=110)


def _lines(axes: Axes, report: FidelityReport, key: str) -> None:
    shares = np.linspace(0, 100, 11)
    others = [name for name in report.curves if name != report.default]
    for number, name in enumerate([*others, report.default]):
        default = name == report.default
        axes.plot(
            shares,
            report.curves[name][key],
            label=f"{name} (default)" if default else name,
            color=_DEFAULT if default else _COLOURS[number % len(_COLOURS)],
            linewidth=2.5 if default else 1.2,
            linestyle="-" if default or number < len(_COLOURS) else "--",
        )
