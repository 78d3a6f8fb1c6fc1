"""What ``explainer plan`` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from explainer.bench.capacity.measured import found_in, given, given_in, measured_in
from explainer.bench.capacity.model import Asked, Capacity, capacity
from explainer.bench.capacity.page import render
from explainer.bench.capacity.rates import ASSUMED, Rates
from explainer.bench.capacity.trial import Trial, trial
from explainer.cli.common import console, errors, write_json
from explainer.datareport.wording import number
from explainer.errors import ExplainerError


@dataclass(frozen=True, slots=True)
class Known:
    """What the model shall rest on; a later one goes before an earlier.

    Attributes:
        home: Where measurements may lie, if no file is named.
        measured: What ``bench scale`` and ``bench service`` wrote.
        rates: Rates as JSON.
        given: Single ones, by name.
    """

    home: Path
    measured: Sequence[Path]
    rates: Path | None
    given: Mapping[str, float]


def run(asked: Asked, known: Known, out: Path | None, json: Path | None) -> None:
    """Print what it takes; write the page and the figures.

    Raises:
        ExplainerError: If a file cannot be read or written.
    """
    rates, error = _rates(known)
    found = capacity(asked, rates)
    console.print(_table(found))
    _print_assumed(rates)
    if found.sways:
        console.print(f"Sways the price most: {next(iter(found.sways))}.", highlight=False)
    if error is not None:
        console.print(_errors(error))
    if out is not None:
        try:
            out.write_text(render(found, error), encoding="utf-8")
        except OSError as failed:
            raise ExplainerError(f"{out} cannot be written: {failed.strerror}") from failed
        errors.print(f"Wrote {escape(str(out))}", highlight=False)
    if json is not None:
        write_json(json, {"plan": found, "error": error})


def _rates(known: Known) -> tuple[Rates, Trial | None]:
    files = list(known.measured) or found_in(known.home)
    for file in files:
        errors.print(f"Rates measured in {escape(str(file))}", highlight=False)
    rates, measured = measured_in(files)
    if known.rates is not None:
        rates = given_in(known.rates, rates)
    return given(rates, known.given), None if measured is None else trial(measured)


def _table(found: Capacity) -> Table:
    asked = found.asked
    table = Table("figure", "likely", "range", title=f"{asked.users:,} people × {asked.items} explanations")
    for name, rows in found.rows.items():
        table.add_row(f"rows of {name}", f"{rows:,}", "")
    spans = {
        "distinct prompts": found.prompts,
        "core hours": found.core_hours,
        "GPU hours to write": found.writing_gpu_hours,
        "or core hours to write": found.writing_core_hours,
        "gigabytes": found.gigabytes,
        "cores to serve the reads": found.serving_cores,
        "money, writing on GPUs": found.money_with_gpu,
        "money, all on cores": found.money_on_cores,
        "money for storage, each month": found.money_stored,
    }
    for name, span in spans.items():
        if span.likely:
            table.add_row(name, number(span.likely), f"{number(span.low)} to {number(span.high)}" if span.open else "")
    return table


def _print_assumed(rates: Rates) -> None:
    for name, one in rates.of.items():
        if one.kind == ASSUMED:
            console.print(f"Not measured, assumed: {one.what}: {one.value:g} (--{name})", highlight=False)


def _errors(error: Trial) -> Table:
    title = f"Fitted on {error.part} people, held against all {error.whole}"
    table = Table("figure", "foretold", "measured", "error", title=title)
    for one in error.figures:
        table.add_row(one.what, number(one.predicted), number(one.measured), f"{one.error:+.1%}")
    return table
