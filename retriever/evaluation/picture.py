"""The comparison as a picture: accuracy with its uncertainty, what accuracy costs in variety, and in time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from retriever.evaluation.compare import Comparison

_OURS, _DEFAULT, _PEER, _SOFT = "#1f5f5b", "#c2410c", "#8a8f98", "#c9d6d3"
Row = dict[str, Any]


def draw_comparison(comparison: Comparison, path: Path) -> None:
    """Write a PNG: NDCG@10 and Recall@20 with 95 % intervals, coverage against NDCG, time."""
    rows = sorted(comparison.rows, key=lambda row: row["ndcg@10"])
    figure = Figure(figsize=(12, 2.2 + 0.62 * len(rows)), layout="constrained")
    left, right, variety, speed = figure.subplots(2, 2, height_ratios=[3, 2]).ravel()
    _bars(left, rows, "ndcg@10", "NDCG@10")
    _bars(right, rows, "recall@20", "Recall@20")
    right.set_yticklabels([])
    _scatter(variety, rows, "coverage@10", "catalogue coverage@10 (share)")
    _scatter(speed, rows, "ms_per_history", "milliseconds per history", logarithmic=True)
    cut = comparison.split
    figure.suptitle(
        f"{comparison.dataset}: {cut.method} split, {cut.share:.0%} held out, {comparison.users:,} people judged"
        " (bars: 95 % bootstrap intervals)",
        fontsize=11,
    )
    figure.savefig(path, dpi=120)


def _colour(name: str, default: str = "hybrid") -> str:
    return _DEFAULT if name == default else _PEER if name.startswith("peer:") else _OURS


def _bars(axes: Axes, rows: Sequence[Row], key: str, label: str) -> None:
    values = np.array([row[key] for row in rows])
    low, high = (np.array([row[f"{key}_{end}"] for row in rows]) for end in ("low", "high"))
    colours = [_colour(row["recommender"]) for row in rows]
    places = np.arange(len(rows))
    axes.barh(places, values, color=colours, height=0.7)
    axes.errorbar(values, places, xerr=[values - low, high - values], fmt="none", ecolor="#333333", elinewidth=1)
    axes.set_yticks(places, [row["recommender"] for row in rows])
    for place, value, end in zip(places, values, high, strict=True):
        axes.annotate(f"{value:.3f}", (end, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set(xlabel=label, xlim=(0, 1.12 * float(high.max(initial=1e-9))))
    axes.spines[["top", "right"]].set_visible(False)


def _scatter(axes: Axes, rows: Sequence[Row], key: str, label: str, *, logarithmic: bool = False) -> None:
    for row in rows:
        axes.plot(row[key], row["ndcg@10"], "o", color=_colour(row["recommender"]))
        where = (row[key], row["ndcg@10"])
        axes.annotate(row["recommender"], where, xytext=(5, 3), textcoords="offset points", fontsize=7)
    axes.set(xlabel=label, ylabel="NDCG@10", ylim=(0, None), xscale="log" if logarithmic else "linear")
    axes.margins(x=0.18)
    axes.grid(color=_SOFT, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
