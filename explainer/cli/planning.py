"""``explainer plan``: what writing ahead takes, and what that rests on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import rich_click as click

from explainer.bench.capacity.rates import DEFAULTS
from explainer.cli.common import settings_of

_FILE = click.Path(dir_okay=False, path_type=Path)
_COUNT = click.IntRange(min=1)


def _assumptions(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each assumption."""
    for name, one in reversed(list(DEFAULTS.items())):
        told = f"{one.what}. [default: {one.value:g}, {one.kind}]"
        command = click.option(f"--{name}", type=click.FloatRange(min=0, min_open=True), help=told)(command)
    return command


@click.command()
@click.option("--users", type=_COUNT, default=10_000_000, show_default=True, help="People.")
@click.option("--items", "--k", type=_COUNT, default=20, show_default=True, help="Explanations for each of them.")
@click.option("--behaviours", type=_COUNT, default=100, show_default=True, help="In a history.")
@click.option("--reads-per-s", type=click.FloatRange(min=0), default=0.0, help="Explanations read at the busiest.")
@click.option(
    "--measured",
    type=_FILE,
    multiple=True,
    help="What bench scale or bench service wrote; may be repeated. [default: what lies in the home's folder bench]",
)
@click.option("--rates", type=_FILE, help='Rates of your own as JSON, as {"gpu-hour": 1.2}.')
@click.option("--out", type=_FILE, help="The HTML page to write.")
@click.option("--json", "json", type=_FILE, help="The figures to write.")
@_assumptions
@click.pass_context
def plan(
    ctx: click.Context,
    /,
    users: int,
    items: int,
    behaviours: int,
    reads_per_s: float,
    measured: tuple[Path, ...],
    rates: Path | None,
    out: Path | None,
    json: Path | None,
    **given: float | None,
) -> None:
    """Predict what it takes to write explanations ahead: rows, storage, prompts, hours, money.

    Each assumption is measured, given by you, or assumed; the page says which, and how far off the model was of a
    measured run.
    """
    from explainer.bench.capacity.model import Asked
    from explainer.cli.plan import Known, run

    own = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
    known = Known(settings_of(ctx).home, measured, rates, own)
    run(Asked(users, items, behaviours, reads_per_s), known, out, json)
