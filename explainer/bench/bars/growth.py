"""How cost grows with the catalogue: a line for each recommender, both scales logarithmic."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explainer.bench.bars.bar import Figures

_MEASURES = {"fit_s": "Seconds to fit", "score_ms": "Milliseconds to score one history", "peak_mb": "Peak memory, MB"}
_KEY = re.compile(rf"(.+)_(\d+)_({'|'.join(_MEASURES)})")
# Told apart on a light and on a dark ground.
INKS = ("#2a9d8f", "#d9703a", "#8e6bbf", "#4a90d9", "#b08a2a", "#8a8f98")
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _FOOT = 340.0, 230.0, 58.0, 14.0, 10.0, 30.0
Lines = Mapping[str, Sequence[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure of all recommenders.

    Attributes:
        title: What is measured.
        lines: Recommender → (items, figure), growing.
    """

    title: str
    lines: Lines


def panels(figures: Figures) -> list[Panel]:
    """Return what ``make bench ONLY=growth`` measured; nothing where it measured nothing."""
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for key, value in figures.get("figures", {}).items():
        if (one := _KEY.fullmatch(key)) and value > 0:
            found.setdefault(one[3], {}).setdefault(one[1], []).append((int(one[2]), float(value)))
    return [
        Panel(title, {name: sorted(points) for name, points in found[measure].items()})
        for measure, title in _MEASURES.items()
        if measure in found
    ]


def largest(figures: Figures) -> float | None:
    """Return how many items the largest catalogue had that any recommender was fitted on."""
    sizes = (items for panel in panels(figures) for line in panel.lines.values() for items, _ in line)
    return max(sizes, default=None)


def draw(panel: Panel) -> str:
    """Return a panel as SVG that takes the colours of all but its lines from the page."""
    points = [point for line in panel.lines.values() for point in line]
    across = _Scale([math.log10(items) for items, _ in points], _LEFT, _WIDTH - _RIGHT)
    up = _Scale([math.log10(value) for _, value in points], _HEIGHT - _FOOT, _TOP)
    drawn = "".join(
        f'<polyline points="{" ".join(f"{across.at(n):.1f},{up.at(v):.1f}" for n, v in line)}" fill="none" '
        f'stroke="{ink}" stroke-width="2" stroke-linejoin="round"/>'
        for line, ink in zip(panel.lines.values(), INKS, strict=False)
    )
    feet = "".join(
        f'<text x="{across.at(10**p):.1f}" y="{_HEIGHT - 10}" text-anchor="middle">{_short(10.0**p)}</text>'
        for p in across.powers()
    )
    sides = "".join(
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{up.at(10.0**p):.1f}" y2="{up.at(10.0**p):.1f}" '
        f'stroke="var(--line)"/><text x="{_LEFT - 8}" y="{up.at(10.0**p) + 4:.1f}" text-anchor="end">'
        f"{_short(10.0**p)}</text>"
        for p in up.powers()
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="{panel.title} against items, log scales" '
        f'style="font: 12px var(--font); fill: var(--soft)">{sides}{feet}{drawn}</svg>'
    )


class _Scale:
    """A logarithmic scale over whole powers of ten."""

    def __init__(self, powers: Sequence[float], first: float, last: float) -> None:
        self._low, self._high = math.floor(min(powers)), math.ceil(max(powers))
        self._high = max(self._high, self._low + 1)
        self._first, self._last = first, last

    def at(self, value: float) -> float:
        """Return where a value stands."""
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return self._first + (self._last - self._first) * share

    def powers(self) -> range:
        """Return the powers of ten that are written beside it."""
        return range(self._low, self._high + 1)


def _short(value: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {letter}"
    return f"{value:g}"
