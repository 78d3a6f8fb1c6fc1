"""Running what is missing: part after part, each kept as it ends, none at the cost of the others."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from explainer.bench.bars.bar import Part
from explainer.bench.bars.commands import Place, hindrance, runnable, shown
from explainer.bench.bars.kept import Ran, keep, kept, moment
from explainer.bench.bars.outcome import carried_out, figures_of
from explainer.bench.bars.parts import PARTS, chosen
from explainer.bench.machine import machine

Say = Callable[[str], None]
_MINUTE_S = 60.0
_PATIENCE, _LEAST_LIMIT_S = 6.0, 1200.0
"""A part may take so many times as long as expected, and at least so long, before it is stopped."""
_NOT_HANDED_ON = "EXPLAINER_BENCH_POSTGRES_URL"
"""Names one empty database, which would be full after the first part: each starts a PostgreSQL of its own."""


def run(
    place: Place,
    only: Sequence[str],
    say: Say,
    minutes: float | None = None,
    parts: Mapping[str, Part] | None = None,
) -> None:
    """Run parts that were not run, or failed, and keep how each went.

    Args:
        place: Where.
        only: Parts that are run, even again; empty for all that are missing.
        say: Told what is done next, and what is left out.
        minutes: No part is begun that is expected to end later than so many minutes from now.
        parts: Among which.

    Raises:
        BenchError: If there is no such part, or what is kept cannot be read.
    """
    parts = PARTS if parts is None else parts
    place.folder.mkdir(parents=True, exist_ok=True)
    known = kept(place.folder, parts)
    due = chosen(only, parts) if only else [name for name in parts if name not in known or known[name].failure]
    begun = time.monotonic()
    for number, name in enumerate(due, 1):
        expected = _expected_s(parts[name], known.get(name))
        left = float("inf") if minutes is None else minutes * _MINUTE_S - (time.monotonic() - begun)
        if why := hindrance(parts[name], place):
            say(f"{name} is not measured: {why}")
        elif expected > left:
            say(f"{name} is left for another time: it takes about {_minutes(expected)}")
        else:
            say(f"Measuring {name}, {number} of {len(due)}, about {_minutes(expected)}")
            keep(place.folder, name, _ran(place, name, parts[name], expected))


def _minutes(seconds: float) -> str:
    return f"{max(1, round(seconds / _MINUTE_S))} min"


def _expected_s(part: Part, before: Ran | None) -> float:
    return before.seconds if before and before.seconds and not before.failure else part.minutes * _MINUTE_S


def _ran(place: Place, name: str, part: Part, expected: float) -> Ran:
    """Run a part and return how it went."""
    out, log = place.folder.resolve() / f"{name}.json", place.folder.resolve() / f"{name}.log"
    out.unlink(missing_ok=True)
    for file, content in part.files.items():
        (place.folder / file).write_bytes(msgspec.json.encode(content))
    here, date, begun = machine(), moment(datetime.now(UTC)), time.perf_counter()
    command = runnable(part, place, out)
    try:
        failure = carried_out(
            command,
            log,
            place.checkout if part.checkout else None,
            _environment(place, part),
            max(_LEAST_LIMIT_S, _PATIENCE * expected),
        )
    except OSError as error:
        failure = f"It could not be started: {error}."
        log.touch()
    seconds = time.perf_counter() - begun
    figures = figures_of(out, log, part.command, failure)
    if figures is None and not failure:
        failure = "It wrote no figures that can be read."
    return Ran(shown(part, name), seconds, figures, failure, here, date)


def _environment(place: Place, part: Part) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name != _NOT_HANDED_ON}
    if not part.checkout:
        return own | {"EXPLAINER_HOME": str(place.folder.resolve() / "home")}
    # As `make test` runs them: processes that each take all cores wait for each other longer than they compute.
    return own | {"OMP_NUM_THREADS": "1"} if "pytest" in part.command else own
