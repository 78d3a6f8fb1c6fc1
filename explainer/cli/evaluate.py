"""Evaluation from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.table import Table

from explainer.assembly import make_encoder
from explainer.cli.common import console, errors, stages
from explainer.settings import Settings
from retriever.data import read_dataset
from retriever.encoder import item_text
from retriever.evaluation.compare import CompareConfig, Comparison, compare
from retriever.evaluation.picture import draw_comparison
from retriever.workspace import Workspace

_COLUMNS = ("ndcg@10", "recall@20", "coverage@10", "rmse", "fit_s", "ms_per_history")


def evaluate_recommenders(
    settings: Settings, sources: Sequence[str], config: CompareConfig, out: Path | None, plot: Path | None
) -> None:
    """Compare all recommenders on each dataset, print tables, write JSON and pictures."""
    found = []
    for source in sources:
        comparison = _compare(settings, source, config)
        console.print(_table(comparison))
        for note in comparison.notes:
            errors.print(note, style="yellow", highlight=False)
        found.append(comparison)
        _write(found, out, plot)
    for path in (out, plot):
        if path is not None:
            errors.print(f"Wrote {path}", highlight=False)


def _compare(settings: Settings, source: str, config: CompareConfig) -> Comparison:
    with console.status(f"Reading {source} …"):
        dataset, _ = read_dataset(source)
    with stages() as show:
        texts = [item_text(item) for item in dataset.items]
        embeddings = make_encoder(settings).encode(texts, lambda done, total: show("Encoding items", done, total))
        folder = settings.home / "evaluation" / dataset.name
        return compare(dataset, embeddings, config, Workspace(folder, show))


def _write(found: Sequence[Comparison], out: Path | None, plot: Path | None) -> None:
    """Write after every dataset, so that a stop loses one at most; several go into a list and numbered pictures."""
    if out is not None:
        data = [comparison.as_dict() for comparison in found]
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(msgspec.json.format(msgspec.json.encode(data[0] if len(data) == 1 else data)))
    if plot is not None:
        plot.parent.mkdir(parents=True, exist_ok=True)
        last = plot if len(found) == 1 else plot.with_stem(f"{plot.stem}-{found[-1].dataset}")
        draw_comparison(found[-1], last)


def _table(comparison: Comparison) -> Table:
    cut = comparison.split
    title = f"{comparison.dataset}: {cut.method} split, {cut.share:.0%} held out, {comparison.users} people judged"
    table = Table(title=title)
    table.add_column("recommender")
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    for row in sorted(comparison.rows, key=lambda row: -row["ndcg@10"]):
        cells = [f"{row[column]:.4g}" if column in row else "–" for column in _COLUMNS]
        table.add_row(row["recommender"], *cells, style="bold" if row["recommender"] == "hybrid" else "")
    return table
