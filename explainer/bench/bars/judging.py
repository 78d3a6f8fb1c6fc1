"""Each bar with what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from explainer.bench.bars.bar import Bar, Part
from explainer.bench.bars.commands import Place, hindrance, shown
from explainer.bench.bars.kept import Ran
from explainer.bench.bars.parts import PARTS
from explainer.bench.machine import PROCESSOR

_DIGITS = 3
_WHOLE = 1000.0


class Judged(msgspec.Struct, frozen=True):
    """A bar with what was measured.

    Attributes:
        area: Under which heading it stands.
        part: What is run for it.
        name: What is measured.
        measured: The figure; None where there is none; infinite where nothing reached what it is measured at.
        sign: One of ≥, ≤, < and =.
        threshold: What it must reach.
        held: Whether it did; None where nothing was measured.
        command: What prints it.
        why: Why nothing was measured.
        date: When it was.
        machine: On which processor.
        unit: What the figure counts, where the name does not say it.
        beside: What a reader must know beside the verdict, as who took no part, or that some tests were skipped.
    """

    area: str
    part: str
    name: str
    measured: float | None
    sign: str
    threshold: float
    held: bool | None
    command: str
    why: str = ""
    date: str = ""
    machine: str = ""
    unit: str = ""
    beside: str = ""

    @property
    def asked(self) -> str:
        """What is asked for."""
        return f"{self.sign} {_text(self.threshold, _DIGITS)}"

    @property
    def found(self) -> str:
        """What was measured, with as many digits as tell it from what was asked for."""
        if self.measured is None:
            return "–"
        texts = (_text(self.measured, digits) for digits in range(_DIGITS, 12))
        same = self.measured == self.threshold
        told = (text for text in texts if same or text != _text(self.threshold, _DIGITS))
        return f"{next(told, repr(self.measured))} {self.unit}".rstrip()

    @property
    def result(self) -> str:
        """The verdict in a word."""
        return "not measured" if self.held is None else "held" if self.held else "missed"


def judged(ran: Mapping[str, Ran], place: Place, parts: Mapping[str, Part] | None = None) -> list[Judged]:
    """Return every bar of the project, from how the parts went."""
    parts = PARTS if parts is None else parts
    return [_judge(name, part, bar, ran.get(name), place) for name, part in parts.items() for bar in part.bars]


def _judge(name: str, part: Part, bar: Bar, ran: Ran | None, place: Place) -> Judged:
    figures = None if ran is None else ran.figures
    measured = None if figures is None else bar.of(figures)
    told = "" if figures is None else bar.told(figures)
    return Judged(
        area=part.area,
        part=name,
        name=bar.name,
        measured=measured,
        sign=bar.sign,
        threshold=bar.threshold,
        held=None if measured is None else bar.holds(measured),
        command=bar.command or shown(part, name),
        why="" if measured is not None else ": ".join(filter(None, (why_not(part, ran, place), told))),
        date="" if ran is None else ran.date,
        machine="" if ran is None else ran.machine.get(PROCESSOR, ran.machine.get("cpu", "")),
        unit=bar.unit,
        beside=told,
    )


def why_not(part: Part, ran: Ran | None, place: Place) -> str:
    """Return why a part has not measured what it should have."""
    if ran is None:
        return f"not run: {hindrance(part, place) or 'nobody asked for it yet'}"
    return "it failed" if ran.failure else "it ran, and did not measure this"


def _text(value: float, digits: int) -> str:
    """Return a number with at least so many digits that count, and never fewer than stand before the point."""
    if math.isinf(value):
        return "∞"
    before = len(f"{abs(value):.0f}")
    return f"{value:,.{max(0, digits - before)}f}" if before >= digits else f"{value:,.{digits}g}"


def counts(bars: Sequence[Judged]) -> dict[str, int]:
    """Return how many bars held, were missed and were not measured."""
    return {word: sum(bar.result == word for bar in bars) for word in ("held", "missed", "not measured")}
