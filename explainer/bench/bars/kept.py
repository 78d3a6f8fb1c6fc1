"""How each part went, kept in a folder as it ended; also what was measured before and is handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from explainer.bench.bars.bar import Part
from explainer.bench.bars.parts import PARTS, chosen
from explainer.bench.errors import BenchError


class Ran(msgspec.Struct, frozen=True):
    """How a part went.

    Attributes:
        command: What was run, or where it was handed in from.
        seconds: How long it took; 0 where nobody knows.
        figures: What it wrote; None where it wrote nothing.
        failure: The end of what it said, if it failed.
        machine: Where it was run.
        date: When, UTC.
    """

    command: str
    seconds: float
    figures: dict[str, Any] | None
    failure: str = ""
    machine: dict[str, str] = msgspec.field(default_factory=dict)
    date: str = ""


def moment(when: datetime) -> str:
    """Return "2026-11-28 04:12"."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M}"


def keep(folder: Path, name: str, ran: Ran) -> None:
    """Keep how a part went, in place of what was kept before; a stop leaves the one or the other whole."""
    file = _file(folder, name)
    new = file.with_suffix(".new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(ran), indent=1))
    new.replace(file)


def kept(folder: Path, parts: Mapping[str, Part] | None = None) -> dict[str, Ran]:
    """Return how each part went that a folder knows of.

    Raises:
        BenchError: If what it holds cannot be read.
    """
    found: dict[str, Ran] = {}
    for name in PARTS if parts is None else parts:
        file = _file(folder, name)
        try:
            if file.is_file():
                found[name] = msgspec.json.decode(file.read_bytes(), type=Ran)
        except (OSError, msgspec.MsgspecError) as error:
            raise BenchError(f"{file} cannot be read: {error}; remove it, and its part is measured anew.") from error
    return found


def hand_in(folder: Path, given: Sequence[str], parts: Mapping[str, Part] | None = None) -> list[str]:
    """Keep what a part's command wrote elsewhere as if it had been run here; return which parts it is now known of.

    Args:
        folder: Where it is kept.
        given: ``PART=FILE`` each. Of the file of several parts (``benchmarks=bench.json``, ``scale=scale.json``) each
            takes its own; those that need a dataset must be named themselves, since the others' files look like theirs.
        parts: Among which.

    Raises:
        BenchError: If there is no such part, a file holds nothing of it, or lacks what is kept of it already.
    """
    parts = PARTS if parts is None else parts
    folder.mkdir(parents=True, exist_ok=True)
    taken: list[str] = []
    for one in given:
        name, equals, file = one.partition("=")
        if not equals:
            raise BenchError(f"{one!r} is not PART=FILE, as scale=scale.json.")
        ran = _handed(Path(file))
        meant = [part for part in chosen([name], parts) if part == name or not parts[part].data]
        own = [part for part in meant if _measures(parts[part], ran)]
        if not own:
            raise BenchError(f"{file} holds no figure of {name}.")
        before = kept(folder, {part: parts[part] for part in own})
        for part, earlier in before.items():
            _require_no_less(parts[part], earlier, ran, file, _file(folder, part))
        for part in own:
            keep(folder, part, ran)
        taken += own
    return taken


def _measures(part: Part, ran: Ran) -> bool:
    return bool(_measured(part, ran))


def _measured(part: Part, ran: Ran) -> list[str]:
    """Return the names of the bars that a run has figures for."""
    figures = ran.figures
    return [] if figures is None else [bar.name for bar in part.bars if bar.of(figures) is not None]


def _require_no_less(part: Part, before: Ran, now: Ran, given: str, file: Path) -> None:
    there = _measured(part, now)
    if lost := [name for name in _measured(part, before) if name not in there]:
        raise BenchError(
            f"{given} lacks what was measured on {before.date or 'a day that nobody stated'}: {'; '.join(lost)}. "
            f"Remove {file} to take it all the same."
        )


def _handed(file: Path) -> Ran:
    try:
        figures = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
        date = moment(datetime.fromtimestamp(file.stat().st_mtime, UTC))
    except (OSError, msgspec.MsgspecError) as error:
        raise BenchError(f"{file} cannot be read: {error}.") from error
    described = figures.get("machine")
    machine = {str(k): str(v) for k, v in described.items()} if isinstance(described, dict) else {}
    stated = figures.get("date")
    return Ran(
        f"handed in: {file.name}", 0.0, figures, machine=machine, date=stated if isinstance(stated, str) else date
    )


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.ran.json"
