"""Commands that look at data and change nothing."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from explainer.cli.common import console, progress_bar
from explainer.datareport import build_report
from explainer.errors import ExplainerError
from retriever.data.sources import read_unscreened

_SHOWN = 3


def report(source: str, out: Path) -> None:
    """Write the report of a dataset and print its path and what matters most."""
    if not out.parent.is_dir():  # said now, not after minutes of reading
        raise ExplainerError(f"{out} cannot be written: there is no folder {out.parent}")
    with console.status(f"Reading {escape(source)} …"):
        dataset, cleaning = read_unscreened(source)
    with progress_bar("Drawing") as show:
        summary, findings = build_report(source, dataset, cleaning, out, show)
    console.print(
        f"[b]{escape(summary.name)}[/b]: {summary.users:,} users, {summary.items:,} items, "
        f"{summary.behaviours:,} behaviours. What to look at first:",
        highlight=False,
    )
    for number, finding in enumerate(findings[:_SHOWN], start=1):
        console.print(f"{number}. [b]{escape(finding.headline)}[/b] {escape(finding.detail)}", highlight=False)
    console.print(f"The whole report: {escape(str(out))}", highlight=False, soft_wrap=True)
