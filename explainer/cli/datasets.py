"""``explainer data``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from explainer.cli.common import Group

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Group)
def data() -> None:
    """Look at data before using it."""


@data.command("report")
@click.argument("source")
@click.option("--out", type=_FILE, default="data-report.html", show_default=True, help="The HTML file to write.")
def data_report(source: str, out: Path) -> None:
    """Write a page about a dataset: counts, pictures, what was dropped and why, and what to look at.

    SOURCE is what ingest takes. Nothing is stored.
    """
    from explainer.cli.data import report

    report(source, out)
