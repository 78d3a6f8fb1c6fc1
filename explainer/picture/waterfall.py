"""A waterfall as SVG: rows from the starting score down to the final one, each bar an arrow in its direction.

Whatever colour says, shape and text say too: an arrow to the right and "+" raise the score, to the left and "−" lower
it; a filled arrow is cited in the text, an outlined one is not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

from explainer.picture.labels import clean, shortened
from explainer.picture.steps import Step, Waterfall

_WIDTH, _MARGIN = 360, 14
_TOP, _ROW, _BAR, _BAR_TOP, _BASELINE, _FOOT = 34, 40, 12, 20, 14, 24
_TIP = 5.0
_COLUMNS, _HEADING_COLUMNS = 32, 40
# Okabe and Ito's blue and vermilion, lighter on dark: told apart by every common kind of colour vision.
_STYLE = """
svg { color-scheme: light dark; max-width: 44rem; font: 14px/1 ui-sans-serif, system-ui, "Noto Sans", "DejaVu Sans", sans-serif;
  --page: #fff; --ink: #1d2321; --soft: #5c6663; --line: #8b9491; --up: #0072b2; --down: #b84a00; }
@media (prefers-color-scheme: dark) {
  svg { --page: #1d2326; --ink: #e9ecea; --soft: #a3aeab; --line: #76817e; --up: #56b4e9; --down: #f0a04b; } }
.page { fill: var(--page); }
text { fill: var(--ink); stroke: var(--page); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
.heading, .total { font-weight: 600; }
.value { text-anchor: end; font-variant-numeric: tabular-nums; }
.legend { fill: var(--soft); font-size: 12px; }
.link { stroke: var(--line); stroke-dasharray: 2 2; }
.mark { fill: var(--ink); }
.bar { stroke-width: 1.5; fill: var(--page); }
.up { stroke: var(--up); } .up.cited { fill: var(--up); }
.down { stroke: var(--down); } .down.cited { fill: var(--down); }
.none { stroke: var(--soft); }
"""  # noqa: E501  a style sheet reads best one rule a line


def draw(waterfall: Waterfall) -> str:
    """Return the picture as an SVG document; the same waterfall gives the same text."""
    return _Drawing(waterfall).svg()


class _Drawing:
    def __init__(self, waterfall: Waterfall) -> None:
        self._waterfall = waterfall
        self._numbers = waterfall.numbers
        self._low, high = waterfall.range
        self._span = high - self._low

    def svg(self) -> str:
        fall, steps = self._waterfall, self._waterfall.steps
        height = _TOP + _ROW * (len(steps) + 2) + (_FOOT if steps else 0)
        # Several pictures may stand in one page: their ids must differ.
        prefix = "w" + hashlib.sha256(f"{clean(fall.item)}\x00{fall.description}".encode()).hexdigest()[:12]
        root = Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {_WIDTH} {height}", role="img")
        root.set("aria-labelledby", f"{prefix}-name {prefix}-text")
        SubElement(root, "title", id=f"{prefix}-name").text = fall.name
        SubElement(root, "desc", id=f"{prefix}-text").text = fall.description
        SubElement(root, "style").text = _STYLE
        SubElement(root, "rect", {"class": "page", "width": str(_WIDTH), "height": str(height), "rx": "6"})
        root.extend(self._links())
        self._text(root, "heading", _MARGIN, 20, shortened(fall.item, _HEADING_COLUMNS), fall.item)
        self._total(root, 0, fall.words.start, fall.base)
        for row, step in enumerate(steps, start=1):
            self._step(root, row, step)
        self._total(root, len(steps) + 1, fall.words.final, fall.score)
        if steps:
            self._text(root, "legend", _MARGIN, height - 10, fall.words.legend)
        return tostring(root, encoding="unicode") + "\n"

    def _links(self) -> Iterator[Element]:
        """Yield a dotted line from where each row ends to where the next begins."""
        ends = [self._waterfall.base, *(step.end for step in self._waterfall.steps)]
        for row, end in enumerate(ends):
            top = _TOP + _ROW * row + _BAR_TOP + _BAR
            x = _coordinate(self._x(end))
            yield Element("line", {"class": "link", "x1": x, "x2": x, "y1": str(top), "y2": str(top + _ROW - _BAR)})

    def _total(self, root: Element, row: int, label: str, value: float) -> None:
        group = SubElement(root, "g")
        middle = _TOP + _ROW * row + _BAR_TOP + _BAR / 2
        x, half = self._x(value), _BAR / 2
        points = [(x - half, middle), (x, middle - half), (x + half, middle), (x, middle + half)]
        SubElement(group, "polygon", {"class": "mark", "points": _points(points)})
        self._labels(group, row, "total", label, self._numbers.plain(value))

    def _step(self, root: Element, row: int, step: Step) -> None:
        group = SubElement(root, "g")
        SubElement(group, "title").text = f"{clean(step.label)}: {self._numbers.signed(step.size)}"
        kind = "up" if step.size > 0 else "down" if step.size < 0 else "none"
        classes = f"bar {kind}" + (" cited" if step.cited else "")
        SubElement(group, "polygon", {"class": classes, "points": _points(self._arrow(row, step))})
        self._labels(group, row, "label", step.label, self._numbers.signed(step.size))

    def _arrow(self, row: int, step: Step) -> list[tuple[float, float]]:
        """Return the corners of an arrow: both at its start, then the tip at its end between two shoulders."""
        top = _TOP + _ROW * row + _BAR_TOP
        start, end = self._x(step.start), self._x(step.end)
        shoulder = end - max(-_TIP, min(_TIP, end - start))
        bottom = top + _BAR
        return [(start, bottom), (start, top), (shoulder, top), (end, top + _BAR / 2), (shoulder, bottom)]

    def _labels(self, group: Element, row: int, kind: str, label: str, value: str) -> None:
        y = _TOP + _ROW * row + _BASELINE
        self._text(group, kind, _MARGIN, y, shortened(label, _COLUMNS))
        self._text(group, f"{kind} value", _WIDTH - _MARGIN, y, value)

    def _text(self, parent: Element, kind: str, x: float, y: float, text: str, whole: str | None = None) -> None:
        made = SubElement(parent, "text", {"class": kind, "x": str(x), "y": str(y)})
        made.text = text
        if whole is not None:
            made.text = None
            title = SubElement(made, "title")
            title.text, title.tail = clean(whole), text

    def _x(self, value: float) -> float:
        left, right = _MARGIN + _BAR / 2, _WIDTH - _MARGIN - _BAR / 2
        share = (value - self._low) / self._span if self._span else 0.5
        return left + share * (right - left)


def _points(corners: list[tuple[float, float]]) -> str:
    return " ".join(f"{_coordinate(x)},{_coordinate(y)}" for x, y in corners)


def _coordinate(value: float) -> str:
    return f"{value:.2f}"
