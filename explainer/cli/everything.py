"""What ``explainer bench all`` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from explainer.bench import everything
from explainer.bench.everything_page import render
from explainer.cli.common import console, errors, write_json
from explainer.datareport.wording import number


def run(folder: Path, only: Sequence[str], *, existing: bool) -> None:
    """Measure what is missing, print a table, write ``bars.html`` and ``bars.json``."""
    if not existing:
        with console.status("Measuring …") as status:
            everything.run(folder, only, lambda step: status.update(f"{step} …"))
    ran, bars = everything.judged(folder)
    table = Table("part", "bar", "measured", "asked for", "result")
    for one in bars:
        measured = "" if one.measured is None else number(one.measured)
        result = "not measured" if one.passed is None else "passed" if one.passed else "missed"
        table.add_row(one.part, one.name, measured, one.bar, result)
    console.print(table)
    (folder / "bars.html").write_text(render(ran, bars), encoding="utf-8")
    errors.print(f"Wrote {folder / 'bars.html'}", highlight=False)
    write_json(folder / "bars.json", {"bars": bars, "parts": ran})
