"""What ``explainer bench all`` does."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from explainer.bench.bars.age import old
from explainer.bench.bars.commands import Place, hindrance, own_checkout
from explainer.bench.bars.judging import Judged, judged
from explainer.bench.bars.kept import Ran, hand_in, kept
from explainer.bench.bars.page import render
from explainer.bench.bars.parts import PARTS
from explainer.bench.bars.running import run as run_parts
from explainer.bench.machine import code
from explainer.cli.common import console, errors, write_json
from explainer.errors import ExplainerError


def run(place: Place, only: Sequence[str], given: Sequence[str], minutes: float | None, *, existing: bool) -> None:
    """Take what is handed in, measure what is missing, print a table, write ``bars.html`` and ``bars.json``.

    Raises:
        ExplainerError: If there is nothing to show, or a file cannot be written.
    """
    hand_in(place.folder, given)
    if not existing:
        with console.status("Measuring …") as status:

            def say(step: str) -> None:
                status.update(f"{escape(step)} …")
                errors.print(escape(step), highlight=False)

            _run_until_stopped(lambda: run_parts(place, only, say, minutes))
    ran = kept(place.folder)
    if not ran:
        raise ExplainerError(f"{place.folder} holds no measurements of explainer bench all.")
    bars = judged(ran, place)
    console.print(_table(bars))
    _say_what_is_missing(bars)
    _say_what_is_old(ran)
    try:
        (place.folder / "bars.html").write_text(render(ran, bars, place), encoding="utf-8")
    except OSError as error:
        raise ExplainerError(f"{place.folder / 'bars.html'} cannot be written: {error.strerror}") from error
    errors.print(f"Wrote {escape(str(place.folder / 'bars.html'))}", highlight=False)
    write_json(place.folder / "bars.json", {"bars": bars, "parts": ran})


def _run_until_stopped(measure: Callable[[], None]) -> None:
    """Measure; who stops that, also by SIGTERM, stops what was started for it, and sees what is there."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        measure()
    except KeyboardInterrupt:
        errors.print("Stopped; what was measured is kept, and the same command goes on.", highlight=False)
    finally:
        signal.signal(signal.SIGTERM, before)


def list_parts(place: Place) -> None:
    """Print what there is to measure, how long it takes, and what hinders it here."""
    table = Table("part", "bars", "minutes", "cannot be measured here, since")
    for name, part in PARTS.items():
        table.add_row(name, str(len(part.bars)), f"{part.minutes:g}", hindrance(part, place))
    console.print(table)


def place_of(folder: Path, data: Path | None, checkout: Path | None) -> Place:
    """Return where parts are run; the checkout is this one, where it is one."""
    return Place(folder, data, own_checkout() if checkout is None else checkout)


def _table(bars: Sequence[Judged]) -> Table:
    held = sum(bar.held is True for bar in bars)
    table = Table("bar", "measured", "asked for", "result", title=f"{held} of {len(bars)} bars held")
    for part, own in groupby(bars, lambda bar: bar.part):
        for one in own:
            style = "red" if one.held is False else "dim" if one.held is None else ""
            table.add_row(
                f"{part}: {one.name}", one.found, one.asked, f"{one.result} {one.beside}".rstrip(), style=style
            )
        table.add_section()
    return table


def _say_what_is_missing(bars: Sequence[Judged]) -> None:
    reasons: dict[str, list[str]] = {}
    for part, own in groupby(bars, lambda bar: bar.part):
        for why in {bar.why for bar in own if bar.why}:
            reasons.setdefault(why, []).append(part)
    for why, names in reasons.items():
        errors.print(escape(f"Not measured, {why}: {', '.join(names)}"), highlight=False)


def _say_what_is_old(ran: Mapping[str, Ran]) -> None:
    if names := old(ran, code()):
        told = f"Not known to be of the present commit, --only PART measures anew: {', '.join(names)}"
        errors.print(escape(told), highlight=False)
