"""A part's command as it is shown, as it is run, and why it cannot be run here."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from explainer.bench.bars.bar import Part
from explainer.bench.postgres import can_be_started

_EXPLAINER = "from explainer.cli import main; main()"
# Its environment is there already: nothing is to be installed amid a measurement.
_AS_THEY_ARE = ("--old-file=.venv/run", "--old-file=.venv/dev")


@dataclass(frozen=True, slots=True)
class Place:
    """Where parts are run.

    Attributes:
        folder: Where everything is kept, and the parts' own home.
        data: The folder of datasets; None where there is none.
        checkout: The project's checkout; None where this is an installed package.
    """

    folder: Path
    data: Path | None = None
    checkout: Path | None = None


def own_checkout() -> Path | None:
    """Return the checkout that this package lies in, if it does."""
    top = Path(__file__).resolve().parents[3]
    return top if (top / "tests" / "benchmarks" / "__main__.py").is_file() else None


def hindrance(part: Part, place: Place) -> str:
    """Return why a part cannot be run here; nothing where it can."""
    if not part.command:
        return "a person has to measure it"
    if part.checkout and place.checkout is None:
        return "it needs the project's checkout, --checkout"
    if part.data and (place.data is None or not (place.data / part.data).is_dir()):
        return f"it needs a folder with the dataset {part.data}, --data"
    if part.command[0] == "make" and shutil.which("make") is None:
        return "it needs make"
    return ""


def shown(part: Part, name: str) -> str:
    """Return the command as somebody would type it."""
    words = [*part.command, *_postgres(part)]
    return " ".join(words).format(json=f"{name}.json", data="DATA", folder=".")


def runnable(part: Part, place: Place, out: Path) -> list[str]:
    """Return the command as it is run."""
    filled = [
        word.format(json=out, data=None if place.data is None else place.data.resolve(), folder=place.folder.resolve())
        for word in (*part.command, *_postgres(part))
    ]
    program, *rest = filled
    if program == "explainer":
        return [sys.executable, "-c", _EXPLAINER, *rest]
    return [sys.executable, *rest] if program == "python" else [program, *_AS_THEY_ARE, *rest]


def _postgres(part: Part) -> tuple[str, ...]:
    return ("--postgres",) if part.postgres and can_be_started() else ()
