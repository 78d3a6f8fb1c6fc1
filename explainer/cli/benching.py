"""What ``explainer bench`` does."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from explainer.access.keys import revoke_key
from explainer.bench.audit import sqlite_and_postgresql
from explainer.bench.bars.parts import PARTS
from explainer.bench.errors import BenchError
from explainer.bench.home import KEY, copy_catalogue, make_home
from explainer.bench.machine import CORES, machine
from explainer.bench.postgres import own_postgresql
from explainer.bench.scale import Ground, measured
from explainer.bench.service import Bench
from explainer.cli.common import console, stages, write_json
from explainer.settings import Settings
from explainer.storage.database import Database

_AUDIT, _TAMPERS = "audit", "tampers"
# Shares and ratios are close to their bars: one digit would round them onto these, or past them.
_SMALL = 2


def run(out: Path, settings: Settings | None, data: str, sections: Sequence[str], postgres: str | bool) -> None:  # noqa: FBT001
    """Measure, print, write.

    Args:
        out: The JSON file.
        settings: An existing home; None makes one.
        data: The catalogue of a home that is made.
        sections: What is measured.
        postgres: Whether on PostgreSQL as well, or on which.
    """
    here = machine()
    with tempfile.TemporaryDirectory(prefix="explainer-bench-") as scratch:
        log = Path(scratch) / "servers.log"
        if settings is None:
            settings = Settings(home=Path(scratch) / "home", database_url=None)
            with console.status("Fitting a recommender …"):
                make_home(settings, data)
        found: dict[str, Any] = _measured(settings.home, settings.url, log, sections)
        on_postgres = [section for section in sections if section in {"stored_read", "template"}]
        if postgres and on_postgres:
            with _postgresql(postgres) as url:
                copy_catalogue(Database(settings.url), Database(url))
                found["postgresql"] = _measured(settings.home, url, log, on_postgres)
    _print(found, here)
    write_json(out, _stamped(found, here))


def run_audit(out: Path, entries: int, postgres: str | bool) -> None:  # noqa: FBT001
    """Measure the audit log, print, write.

    Args:
        out: The JSON file.
        entries: Length of the log.
        postgres: Whether on PostgreSQL as well, or on which.
    """
    here = machine()
    with tempfile.TemporaryDirectory(prefix="explainer-bench-") as scratch, ExitStack() as stack:
        url = stack.enter_context(_postgresql(postgres)) if postgres else None
        with stages() as show:
            found = sqlite_and_postgresql(Path(scratch), url, entries, show)
    _print({_AUDIT: {name: figure for name, figure in found.items() if name != "postgresql"}}, here)
    write_json(out, _stamped(found, here))


def run_scale(out: Path, parts: Sequence[str], ground: Ground) -> None:
    """Measure what goes past one machine, print, write.

    Args:
        out: The JSON file.
        parts: What is measured.
        ground: On what.

    Raises:
        BenchError: If a part failed; what the others found is written all the same.
    """
    here = machine()
    with console.status("Measuring …") as status:
        found = measured(parts, ground, lambda step: status.update(f"{step} …"))
    failed = found.get("failed", {})
    _print({name: figures for name, figures in found.items() if name != "failed"}, here)
    write_json(out, _stamped(found, here))
    if failed:
        raise BenchError("; ".join(f"{part} was not measured: {why}" for part, why in failed.items()))


def _measured(home: Path, url: str, log: Path, sections: Sequence[str]) -> dict[str, dict[str, Any]]:
    database = Database(url)
    try:
        with stages() as show:
            return asyncio.run(Bench(home, url, log, on_step=show).measure(sections))
    finally:
        with database.session() as session:
            revoke_key(session, KEY)


def _stamped(found: Mapping[str, Any], here: Mapping[str, str]) -> dict[str, Any]:
    """Return figures with where and when they were measured; the machine is described as it was before."""
    return {**found, "machine": here, "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}"}


@contextmanager
def _postgresql(which: str | bool) -> Iterator[str]:  # noqa: FBT001
    if isinstance(which, str):
        yield which
        return
    with own_postgresql() as url:
        yield url


def _asked() -> dict[tuple[str, str], str]:
    """Return what is asked for of each figure that is printed: measure and figure → bar."""
    found: dict[tuple[str, str], str] = {}
    for name, part in PARTS.items():
        for bar in part.bars:
            *place, figure = bar.figure.split(".") if isinstance(bar.figure, str) else ("",)
            if name == _AUDIT:
                place, figure = [_AUDIT], f"{_TAMPERS} {figure}" if place == [_TAMPERS] else figure
            if len(place) == 1:
                found[place[0], figure] = f"{bar.sign} {bar.threshold:,g}"
    return found


def _print(found: Mapping[str, Any], here: Mapping[str, str]) -> None:
    table = Table("measure", "figure", "value", "bar", title=f"{here[CORES]} cores, client and server on them")
    asked = _asked()
    places = [*found.items(), *((f"{name} on PostgreSQL", part) for name, part in found.get("postgresql", {}).items())]
    for place, figures in places:
        if place == "postgresql":  # its parts have places of their own
            continue
        for name, value in figures.items():
            for figure, number in _numbers(name, value):
                table.add_row(place, figure, _shown(number), asked.get((place.split()[0], figure), ""))
    console.print(table)


def _numbers(name: str, value: object) -> Iterator[tuple[str, int | float]]:
    """Yield the numbers of a figure, with those in it."""
    if isinstance(value, int | float):
        yield name, value
    elif isinstance(value, dict):
        yield from ((f"{name} {key}", inner) for key, inner in value.items() if isinstance(inner, int | float))


def _shown(number: float) -> str:
    if isinstance(number, int):
        return f"{number:,}"
    return f"{number:.4f}" if abs(number) < _SMALL else f"{number:,.1f}"
