"""Small charts over time as SVG for a page: lines and stacked columns, no script.

Colours come from the page's style sheet (``.chart .c1`` for lines, ``.f1`` for areas), so that they follow light and
dark. Whatever colour says, something else says too: lines have marks of different shapes, columns stand in the order of
the legend, every mark and column has its number as a tooltip, and the description holds all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from xml.etree.ElementTree import Element, SubElement, tostring

from explainer.picture.labels import clean, shortened
from explainer.picture.scales import nice_top

_WIDTH, _PLOT, _LEFT, _RIGHT, _TOP, _FOOT, _ROW = 360, 150, 42, 10, 12, 24, 20
_COLOURS = 6
_LABEL_COLUMNS, _DESCRIBED = 36, 400
_GAP = 0.25

Values = Mapping[date, float]
"""Period → value; what is missing is unknown, not 0."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows.

    Attributes:
        name: In one line.
        step: From one period to the next.
        rows: Label → its values, at most six rows, in the order of the legend.
        write: Writes a value.
        whole: Whether values are counts.
        over: First and last period that it covers; by default those of which anything is known.
    """

    name: str
    step: timedelta
    rows: Mapping[str, Values]
    write: Callable[[float], str]
    whole: bool = False
    over: tuple[date, date] | None = None

    @property
    def periods(self) -> list[date]:
        """Every period from the first to the last of which anything is known."""
        known = sorted(self.over or {period for values in self.rows.values() for period in values})
        if not known:
            return []
        count = (known[-1] - known[0]) // self.step
        return [known[0] + n * self.step for n in range(count + 1)]

    @property
    def description(self) -> str:
        """All numbers of the chart in words; of a very long one the last."""
        told = [(period, self._at(period)) for period in self.periods]
        sentences = [f"{period.isoformat()}: {'; '.join(values)}." for period, values in told if values]
        return " ".join(sentences[-_DESCRIBED:])

    def _at(self, period: date) -> list[str]:
        rows = ((label, values.get(period)) for label, values in self.rows.items())
        return [f"{clean(label)} {self.write(value)}" for label, value in rows if value is not None]


def draw_lines(chart: Chart) -> str:
    """Return a chart of lines, one a row, as SVG to be put into a page."""
    top = nice_top(max((value for row in chart.rows.values() for value in row.values()), default=0.0), chart.whole)
    frame = _Frame(chart, top)
    for number, values in enumerate(chart.rows.values()):
        points = [(frame.middle(period), frame.y(value), period, value) for period, value in sorted(values.items())]
        colour = f"c{1 + number % _COLOURS}"
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in points)
        SubElement(frame.root, "polyline", {"class": f"line {colour}", "points": line})
        for x, y, period, value in points:
            mark = _mark(number, x, y)
            mark.set("class", f"f{1 + number % _COLOURS}")
            SubElement(mark, "title").text = f"{period.isoformat()}: {chart.write(value)}"
            frame.root.append(mark)
    return frame.svg(_mark)


def draw_columns(chart: Chart) -> str:
    """Return a chart of columns, one a period, the rows stacked in them from the bottom, as SVG for a page."""
    sums = [sum(values.get(period, 0.0) for values in chart.rows.values()) for period in chart.periods]
    frame = _Frame(chart, nice_top(max(sums, default=0.0), chart.whole))
    for period in chart.periods:
        below = 0.0
        for number, (label, values) in enumerate(chart.rows.items()):
            value = values.get(period, 0.0)
            if value <= 0:
                continue
            bar = frame.column(period, below, below + value)
            bar.set("class", f"f{1 + number % _COLOURS}")
            SubElement(bar, "title").text = f"{period.isoformat()}: {clean(label)} {chart.write(value)}"
            frame.root.append(bar)
            below += value
    return frame.svg(lambda _, x, y: _box(x, y, 5.0))


class _Frame:
    """The axes of a chart, and where things are in it."""

    def __init__(self, chart: Chart, top: float) -> None:
        self._chart, self._top, self._periods = chart, top, chart.periods
        height = _TOP + _PLOT + _FOOT + _ROW * len(chart.rows)
        # Several charts stand in one page: their ids must differ.
        prefix = "c" + hashlib.sha256(f"{clean(chart.name)}\x00{chart.description}".encode()).hexdigest()[:12]
        self.root = Element("svg", {"class": "chart", "viewBox": f"0 0 {_WIDTH} {height}", "role": "img"})
        self.root.set("aria-labelledby", f"{prefix}-name")
        self.root.set("aria-describedby", f"{prefix}-text")
        SubElement(self.root, "title", id=f"{prefix}-name").text = clean(chart.name)
        SubElement(self.root, "desc", id=f"{prefix}-text").text = chart.description
        self._axes()

    def middle(self, period: date) -> float:
        """Return the x of the middle of a period."""
        place = (period - self._periods[0]) / self._chart.step
        return _LEFT + (place + 0.5) * self._room

    def y(self, value: float) -> float:
        """Return the y of a value."""
        return _TOP + _PLOT * (1.0 - min(value, self._top) / self._top)

    def column(self, period: date, low: float, high: float) -> Element:
        """Return a column's piece between two values."""
        width = self._room * (1 - _GAP)
        x, y = self.middle(period) - width / 2, self.y(high)
        size = {"width": f"{width:.2f}", "height": f"{max(0.5, self.y(low) - y - 0.5):.2f}"}
        return Element("rect", {"x": f"{x:.2f}", "y": f"{y:.2f}", **size})

    def svg(self, swatch: Callable[[int, float, float], Element]) -> str:
        """Return the whole, with a legend that shows each row's mark."""
        for number, label in enumerate(self._chart.rows):
            y = _TOP + _PLOT + _FOOT + _ROW * (number + 0.5)
            mark = swatch(number, _LEFT + 4, y)
            mark.set("class", f"f{1 + number % _COLOURS}")
            self.root.append(mark)
            self._text(_LEFT + 16, y + 4, shortened(label, _LABEL_COLUMNS))
        return tostring(self.root, encoding="unicode")

    @property
    def _room(self) -> float:
        return (_WIDTH - _LEFT - _RIGHT) / max(1, len(self._periods))

    def _axes(self) -> None:
        odd = self._chart.whole and self._top % 2  # there is no half a text
        ticks = [0.0, self._top] if odd else [0.0, self._top / 2, self._top]
        for value in ticks:
            y = f"{self.y(value):.1f}"
            line = {"class": "grid", "x1": str(_LEFT), "x2": str(_WIDTH - _RIGHT), "y1": y, "y2": y}
            SubElement(self.root, "line", line)
            self._text(_LEFT - 6, self.y(value) + 4, self._chart.write(value), "end")
        for x, anchor, period in self._dates():
            self._text(x, _TOP + _PLOT + 16, period.isoformat(), anchor)

    def _dates(self) -> Iterator[tuple[float, str, date]]:
        if not self._periods:
            return
        first, last = self._periods[0], self._periods[-1]
        if first == last:
            yield self.middle(first), "middle", first
            return
        yield _LEFT, "start", first
        yield _WIDTH - _RIGHT, "end", last

    def _text(self, x: float, y: float, words: str, anchor: str = "start") -> None:
        at = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
        SubElement(self.root, "text", at).text = clean(words)


def _mark(number: int, x: float, y: float) -> Element:
    """Return a mark whose shape tells the row: a dot, a box, a triangle, a diamond, a bar, a triangle on its tip."""
    r = 3.5
    shapes: Sequence[Callable[[], Element]] = (
        lambda: Element("circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": str(r)}),
        lambda: _box(x, y, r),
        lambda: _polygon([(x, y - r - 1), (x + r + 1, y + r), (x - r - 1, y + r)]),
        lambda: _polygon([(x, y - r - 1), (x + r + 1, y), (x, y + r + 1), (x - r - 1, y)]),
        lambda: _polygon([(x - r - 1, y - 1.5), (x + r + 1, y - 1.5), (x + r + 1, y + 1.5), (x - r - 1, y + 1.5)]),
        lambda: _polygon([(x, y + r + 1), (x + r + 1, y - r), (x - r - 1, y - r)]),
    )
    return shapes[number % len(shapes)]()


def _box(x: float, y: float, half: float) -> Element:
    side = f"{2 * half:.1f}"
    return Element("rect", {"x": f"{x - half:.1f}", "y": f"{y - half:.1f}", "width": side, "height": side})


def _polygon(corners: Sequence[tuple[float, float]]) -> Element:
    return Element("polygon", {"points": " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)})
