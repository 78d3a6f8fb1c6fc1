"""What a bar is, and what is run for some of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Figures = Mapping[str, Any]
Figure = Callable[[Figures], float | None]
Told = Callable[[Figures], str]
SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "≥": operator.ge,
    "≤": operator.le,
    "<": operator.lt,
    "=": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise in figures.

    Attributes:
        name: What is measured.
        figure: Where in the part's JSON it stands, keys joined by dots; or what computes it from that.
        sign: One of ≥, ≤, < and =.
        threshold: What it must reach.
        command: What prints it, if that is another command than the part's.
        unit: What the figure counts, where the name does not say it.
        told: Returns what a reader must know beside the figure, or why there is none: who took no part, how many were
            skipped; or nothing.
    """

    name: str
    figure: str | Figure
    sign: str
    threshold: float
    command: str = ""
    unit: str = ""
    told: Told = lambda _: ""

    def of(self, figures: Figures) -> float | None:
        """Return what was measured, None where it was not."""
        value = at(figures, self.figure) if isinstance(self.figure, str) else self.figure(figures)
        return None if value is None else float(value)

    def holds(self, measured: float) -> bool:
        """Return whether the promise is kept."""
        return SIGNS[self.sign](measured, self.threshold)


@dataclass(frozen=True, slots=True)
class Part:
    """What is run for some bars.

    Attributes:
        area: Under which heading they stand.
        command: ``explainer …``, ``python -m …`` or ``make …``; ``{json}`` is the file that it writes, ``{data}`` the
            folder of datasets, ``{folder}`` where the bench keeps its files. Empty where only a person can measure.
        bars: What it decides.
        minutes: How long it takes on two cores, about.
        checkout: Whether it needs the project's checkout: tests, and benchmarks that need the tests' data.
        data: The dataset in the folder of datasets that it needs.
        postgres: Whether ``--postgres`` is added where a PostgreSQL of our own can be started.
        files: Files that it reads, by name, as JSON.
        note: What a reader of its figures should know.
    """

    area: str
    command: tuple[str, ...]
    bars: tuple[Bar, ...]
    minutes: float
    checkout: bool = False
    data: str = ""
    postgres: bool = False
    files: Mapping[str, Figures] = field(default_factory=dict)
    note: str = ""


def at(figures: Figures, path: str) -> float | None:
    """Return the number at a path of keys joined by dots; None where there is none."""
    value: Any = figures
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else None
