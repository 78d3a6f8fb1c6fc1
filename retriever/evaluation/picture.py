"""The comparison as a picture: accuracy with its uncertainty, beside variety and speed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from retriever.evaluation.compare import Comparison

_OURS, _DEFAULT, _PEER = "#1f5f5b", "#c2410c", "#8a8f98"
_PANELS = {
    "ndcg@10": "NDCG@10",
    "recall@20": "Recall@20",
    "coverage@10": "catalogue coverage@10",
    "ms_per_history": "ms per history",
}
Row = dict[str, Any]


def draw_comparison(comparison: Comparison, path: Path) -> None:
    """Write a PNG: NDCG@10 and Recall@20 with 95 % intervals, catalogue coverage, milliseconds per history."""
    rows = sorted(comparison.rows, key=lambda row: row["ndcg@10"])
    figure = Figure(figsize=(14, 1.5 + 0.42 * len(rows)), layout="constrained")
    panels = figure.subplots(1, 4, sharey=True, width_ratios=[3, 3, 2, 2])
    for axes, (key, label) in zip(panels, _PANELS.items(), strict=True):
        _bars(axes, rows, key, label)
    panels[-1].set_xscale("log")
    cut = comparison.split
    figure.suptitle(
        f"{comparison.dataset}: {cut.method} split, {cut.share:.0%} held out, {comparison.users:,} people judged "
        "(lines: 95 % bootstrap intervals)",
        fontsize=11,
    )
    figure.savefig(path, dpi=110)


def _colour(name: str, default: str = "hybrid") -> str:
    return _DEFAULT if name == default else _PEER if name.startswith("peer:") else _OURS


def _bars(axes: Axes, rows: Sequence[Row], key: str, label: str) -> None:
    places, values = np.arange(len(rows)), np.array([row[key] for row in rows])
    ends = np.array([row.get(f"{key}_high", row[key]) for row in rows])
    axes.barh(places, values, color=[_colour(row["recommender"]) for row in rows], height=0.7)
    if f"{key}_low" in rows[0]:
        low = np.array([row[f"{key}_low"] for row in rows])
        axes.errorbar(values, places, xerr=[values - low, ends - values], fmt="none", ecolor="#333333", elinewidth=1)
    axes.set_yticks(places, [row["recommender"] for row in rows])
    for place, value, end in zip(places, values, ends, strict=True):
        text = f"{value:.3f}" if value < 1 else f"{value:.1f}"
        axes.annotate(text, (end, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set(xlabel=label)
    axes.margins(x=0.2)
    axes.spines[["top", "right"]].set_visible(False)
