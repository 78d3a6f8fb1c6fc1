"""All bars as one HTML page that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from explainer.bench.bars.age import aged, old
from explainer.bench.bars.bar import Part
from explainer.bench.bars.commands import Place, shown
from explainer.bench.bars.comparisons import comparisons
from explainer.bench.bars.growth import INKS, Panel, draw, panels
from explainer.bench.bars.judging import Judged, counts, why_not
from explainer.bench.bars.kept import Ran
from explainer.bench.bars.overview import overview
from explainer.bench.bars.parts import PARTS
from explainer.bench.machine import OF_THE_MOMENT, code
from explainer.bench.sheet import sheets
from explainer.datareport.wording import count

_WIDE, _NARROW = 900.0, 350.0
_WIDTH = 100.0
_GROWTH = "growth"
_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A part as it stands on the page.

    Attributes:
        name: Its name.
        command: What somebody types to have it again.
        told: When, on which machine, how long; or why not.
        aged: Of which other code than the present its figures are; nothing where of this.
        failure: The end of what it said, if it failed.
        note: What a reader of its figures should know.
        bars: Its bars.
    """

    name: str
    command: str
    told: str
    aged: str
    failure: str
    note: str
    bars: tuple[Judged, ...]


def places(row: Judged) -> tuple[float, float]:
    """Return how far a figure and its bar reach, each of 100: the larger of them three quarters of the way.

    Linear from 0, as lengths are compared; what is far beyond the other leaves that a sliver, which is what it is.
    """
    measured, asked = abs(row.measured or 0.0), abs(row.threshold)
    if math.isinf(measured):
        return _WIDTH, 0.0
    most = max(measured, asked) / 0.75 or 1.0
    return _WIDTH * measured / most, _WIDTH * asked / most


def render(
    ran: Mapping[str, Ran], bars: Sequence[Judged], place: Place, parts: Mapping[str, Part] | None = None
) -> str:
    """Return the page; everything in it is escaped by the template."""
    parts = PARTS if parts is None else parts
    machines, now = _machines(ran), code()
    areas = {
        area: [_shown(name, parts[name], ran.get(name), bars, machines, place, now) for name, _ in names]
        for area, names in groupby(
            sorted(parts.items(), key=lambda one: _order(parts, one[1])), lambda one: one[1].area
        )
    }
    growth = panels(ran[_GROWTH].figures or {}) if _GROWTH in ran else []
    environment = sheets()
    environment.filters["places"] = places
    return environment.get_template("bars.html").render(
        areas=areas,
        bars=bars,
        counts=counts(bars),
        missed=[bar for bar in bars if bar.held is False],
        failed={name: how for name, how in ran.items() if how.failure},
        overview=[_drawn(overview(bars, width)) for width in (_WIDE, _NARROW)],
        comparisons=comparisons(ran),
        growth=[(panel.title, _drawn(draw(panel))) for panel in growth],
        legend=_legend(growth),
        machines=machines,
        ran=ran,
        old=len(old(ran, now)),
        moments=OF_THE_MOMENT,
        states={name: how.machine for name, how in ran.items() if set(OF_THE_MOMENT) & set(how.machine)},
    )


def _drawn(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704  drawn by us; names in it are escaped there


def _legend(growth: Sequence[Panel]) -> list[tuple[str, str]]:
    return list(zip(growth[0].lines, INKS, strict=False)) if growth else []


def _order(parts: Mapping[str, Part], part: Part) -> int:
    """Return where an area comes first, so that its parts stand together."""
    return [one.area for one in parts.values()].index(part.area)


def _machines(ran: Mapping[str, Ran]) -> list[dict[str, str]]:
    """Return the different machines, without what is of the moment."""
    found: list[dict[str, str]] = []
    for how in ran.values():
        if (lasting := _lasting(how)) and lasting not in found:
            found.append(lasting)
    return found


def _lasting(how: Ran) -> dict[str, str]:
    return {name: value for name, value in how.machine.items() if name not in OF_THE_MOMENT}


def _shown(
    name: str,
    part: Part,
    how: Ran | None,
    bars: Sequence[Judged],
    machines: Sequence[dict[str, str]],
    place: Place,
    now: str,
) -> Shown:
    told = why_not(part, how, place) if how is None else _told(how, machines)
    own = tuple(bar for bar in bars if bar.part == name)
    return Shown(
        name=name,
        command=shown(part, name) or "by hand",
        told=told,
        aged="" if how is None else aged(how, now),
        failure="" if how is None else how.failure,
        note=part.note,
        bars=own,
    )


def _told(how: Ran, machines: Sequence[dict[str, str]]) -> str:
    where = f"machine {machines.index(_lasting(how)) + 1}" if _lasting(how) else "no machine stated"
    took = "" if not how.seconds else f", {_took(how.seconds)}"
    handed = f", {how.command}" if how.command.startswith("handed in") else ""
    return f"{how.date} UTC, {where}{took}{handed}"


def _took(seconds: float) -> str:
    whole = round(seconds)
    return count(whole, "second") if whole < 2 * _MINUTE_S else count(round(seconds / _MINUTE_S), "minute")
