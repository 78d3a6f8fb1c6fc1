"""What ``explainer plan`` does."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from explainer.bench.capacity import capacity, rates_from
from explainer.bench.capacity_page import render
from explainer.cli.common import console, errors, write_json
from explainer.errors import ExplainerError


def run(users: int, items: int, behaviours: int, source: Path | None, out: Path | None, json: Path | None) -> None:
    """Print what it takes; write the page and the figures.

    Raises:
        ExplainerError: If a file cannot be read or written.
    """
    found = capacity(users, items, behaviours, None if source is None else rates_from(source))
    table = Table("figure", "likely", "range", title=f"{users:,} people × {items} explanations")
    for name, span in {
        "distinct prompts": found.prompts,
        "core hours": found.core_hours,
        "GPU hours to write": found.writing_gpu_hours,
        "or core hours to write": found.writing_core_hours,
        "gigabytes": found.gigabytes,
        "money, writing on GPUs": found.money_with_gpu,
        "money, all on cores": found.money_on_cores,
    }.items():
        table.add_row(name, f"{span.likely:,.0f}", f"{span.low:,.0f} to {span.high:,.0f}")
    console.print(table)
    console.print(f"{next(iter(found.sways))} sways the price most.", highlight=False)
    if out is not None:
        try:
            out.write_text(render(found), encoding="utf-8")
        except OSError as error:
            raise ExplainerError(f"{out} cannot be written: {error.strerror}") from error
        errors.print(f"Wrote {out}", highlight=False)
    if json is not None:
        write_json(json, found)
