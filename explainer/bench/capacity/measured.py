"""Rates from what was measured: what ``explainer bench scale`` and ``explainer bench service`` wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from explainer.bench.capacity import rates as r
from explainer.bench.capacity.rates import GIVEN, MEASURED, Rates
from explainer.bench.course import Course
from explainer.bench.errors import BenchError
from explainer.bench.machine import CORES, PYTHON

_SCALE, _SERVICE = "explainer bench scale", "explainer bench service"
AS_KEPT = ("scale.json", "scale-pregenerate.json", "service.json")
"""Names under which ``explainer bench all`` and people keep them, in the folder ``bench`` of a home."""
Known = Mapping[str, tuple[float, str, str]]


class Run(msgspec.Struct, frozen=True):
    """A measured run of writing ahead: what a part of the people came to, and all of them.

    Attributes:
        part: The part.
        whole: All.
        source: Where it was measured.
    """

    part: Course
    whole: Course
    source: str


def found_in(home: Path) -> list[Path]:
    """Return the measurements that a home holds."""
    return [file for name in AS_KEPT if (file := home / "bench" / name).is_file()]


def given(rates: Rates, values: Mapping[str, float]) -> Rates:
    """Return rates with values that somebody gave.

    Raises:
        BenchError: If there is no such assumption, or a value makes no sense.
    """
    for name, value in values.items():
        if name not in rates.of:
            raise BenchError(f"There is no assumption {name!r}; there are {', '.join(rates.of)}.")
        if not 0 < value < float("inf") or (name == r.TOLD and value > 1):
            raise BenchError(f"{name} cannot be {value:g}.")
    return rates.but({name: (value, GIVEN, "") for name, value in values.items()})


def given_in(path: Path, rates: Rates) -> Rates:
    """Return rates with those of a file: ``{"gpu-hour": 1.2, …}``.

    Raises:
        BenchError: If it holds something else.
    """
    try:
        values = msgspec.json.decode(path.read_bytes(), type=dict[str, float])
    except (OSError, msgspec.MsgspecError) as error:
        raise BenchError(f'{path} holds no rates, as {{"gpu-hour": 1.2}}: {error}.') from error
    return given(rates, values)


def measured_in(files: Sequence[Path], rates: Rates | None = None) -> tuple[Rates, Run | None]:
    """Return rates with what files state of them, a later one before an earlier, and the last measured run.

    Raises:
        BenchError: If a file holds nothing of them.
    """
    rates, run = rates or Rates(), None
    for file in files:
        try:
            found = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
            date = str(found.get("date", "")) or f"{datetime.fromtimestamp(file.stat().st_mtime, UTC):%Y-%m-%d}"
            known, counts, its_run = _known(found, date)
        except (OSError, msgspec.MsgspecError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise BenchError(f"{file} holds nothing that {_SCALE} or {_SERVICE} wrote: {error}.") from error
        if not known:
            raise BenchError(f"{file} holds nothing that {_SCALE} or {_SERVICE} measured for a plan.")
        rates, run = rates.but(known), its_run or run
        if counts:
            rates = msgspec.structs.replace(rates, counts=counts, counted=_origin(found, date, _SCALE))
    return rates, run


def _known(found: Mapping[str, Any], date: str) -> tuple[Known, tuple[tuple[int, int], ...], Run | None]:
    known: dict[str, tuple[float, str, str]] = {}
    counts: tuple[tuple[int, int], ...] = ()
    run = part = None
    if (read := found.get("stored_read")) is not None:
        rate = read["requests_per_s"] / _cores(found)
        known[r.READS] = (rate, MEASURED, _origin(found, date, _SERVICE))
    if (ahead := found.get("pregenerate")) is not None:
        origin = _origin(found, date, f"{_SCALE} --only pregenerate")
        known[r.TOLD] = (round(ahead["prompts"] * ahead["dedup_ratio"]) / ahead["pairs"], MEASURED, origin)
        if ahead.get("whole") is not None:
            whole = msgspec.convert(ahead["whole"], Course)
            known |= {name: (value, MEASURED, origin) for name, value in of_course(whole, _cores(found))}
            counts = whole.counts
            if ahead.get("part") is not None:
                part = msgspec.convert(ahead["part"], Course)
            if part is not None and len(part.counts) > 1:
                run = Run(part, whole, origin)
    return known, counts, run


def of_course(course: Course, cores: int) -> Iterator[tuple[str, float]]:
    """Yield the rates that a run of writing ahead came to.

    Args:
        course: The run.
        cores: Of the machine; the model had all of them, preparing and storing as many as there were processes.
    """
    yield r.TOLD, course.asked / course.pairs
    yield r.EVIDENCE, course.rows["evidence"] / course.pairs
    yield r.BYTES_BEHAVIOUR, course.bytes_per_behaviour
    yield r.BYTES, course.stored_bytes / course.pairs - course.behaviours * course.bytes_per_behaviour
    if course.explaining_s > 0:
        yield r.EXPLAINED, course.pairs / course.explaining_s / min(cores, course.processes)
    if course.writing_s > 0 and course.rows["drafts"]:
        yield r.TEXTS_CORE, course.rows["drafts"] / course.writing_s / cores


def _origin(found: Mapping[str, Any], date: str, command: str) -> str:
    machine = found["machine"]
    return f"on {date} by {command}, {_cores(found)} cores, Python {machine[_named(machine, PYTHON)]}"


def _cores(found: Mapping[str, Any]) -> int:
    machine = found["machine"]
    return int(machine[_named(machine, CORES)])


def _named(machine: Mapping[str, Any], name: str) -> str:
    """Return under which name a file states a thing: older ones write it small."""
    return name if name in machine else name.lower()
