"""``explainer evaluate attribution``."""

from __future__ import annotations

from pathlib import Path

import msgspec
from rich.table import Table

from explainer.assembly import make_encoder
from explainer.attribution.fidelity.config import FidelityConfig
from explainer.attribution.fidelity.picture import draw_fidelity
from explainer.attribution.fidelity.report import FidelityReport, report_fidelity
from explainer.cli.common import console, errors, stages
from explainer.settings import Settings
from retriever.data import read_dataset
from retriever.encoder import item_text
from retriever.workspace import Workspace

# What fits beside the names on a terminal of eighty columns; the JSON has the rest. Down: lower is better.
_COLUMNS = {"pos@20": "↓", "neg@20": "↑", "cdcg": "↓", "del": "↓", "ins": "↑", "ms_per_history": "↓"}


def evaluate_attribution(
    settings: Settings, source: str, config: FidelityConfig, out: Path | None, plot: Path | None
) -> None:
    """Measure every method on one dataset, print the table, write JSON and picture."""
    with console.status(f"Reading {source} …"):
        dataset, _ = read_dataset(source)
    with stages() as show:
        texts = [item_text(item) for item in dataset.items]
        embeddings = make_encoder(settings).encode(texts, lambda done, total: show("Encoding items", done, total))
        folder = settings.home / "evaluation" / f"{dataset.name}-attribution"
        report = report_fidelity(dataset, embeddings, config, Workspace(folder, show))
    console.print(_table(report))
    _print_counterfactuals(report)
    for note in report.notes:
        errors.print(note, style="yellow", highlight=False)
    for path in (out, plot):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
    if out is not None:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
        errors.print(f"Wrote {out}", highlight=False)
    if plot is not None:
        draw_fidelity(report, plot)
        errors.print(f"Wrote {plot}", highlight=False)


def _table(report: FidelityReport) -> Table:
    title = f"{report.dataset}, {report.recommender}: the best unmet item of {report.users} held-out people"
    table = Table(title=title)
    table.add_column("method")
    for column, better in _COLUMNS.items():
        table.add_column(f"{column.removesuffix('_per_history')} {better}", justify="right", no_wrap=True)
    for row in report.rows:
        default = row["method"] == report.default
        cells = [f"{row[column]:.2f}" if column == "ms_per_history" else f"{row[column]:.3f}" for column in _COLUMNS]
        table.add_row(row["method"] + (" (default)" if default else ""), *cells, style="bold" if default else "")
    return table


def _print_counterfactuals(report: FidelityReport) -> None:
    found = report.counterfactual
    size = "–" if found["mean_size"] is None else f"{found['mean_size']:.2f}"
    console.print(
        f"Counterfactuals of the top {found['k']}, at most {found['max_size']} behaviours: found for "
        f"{found['found']:.0%}, {size} behaviours on average, {_percent(found['confirmed'])} confirmed by ranking "
        f"again; the smallest there is in {_percent(found['smallest'])} of {found['exhaustive_histories']} short "
        f"histories; {found['ms_per_history'] or 0:.0f} ms each.",
        highlight=False,
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
