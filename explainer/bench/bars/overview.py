"""The first picture: how far every figure is from what was asked for, a dot each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from explainer.bench.bars.judging import Judged

_LOWEST, _HIGHEST = -1.0, 2.0
_DOT, _STEP = 4.0, 10.0
_TITLE, _ROW, _FOOT = 20.0, 16.0, 34.0
_EXACT = 60.0
_TICKS = ((-1, "a tenth"), (0, "the bar"), (1, "10 ×"), (2, "100 ×"))


def margin(bar: Judged) -> float | None:
    """Return by what a figure is better than asked for, as a factor; None of what is all or nothing, or not measured.

    A thousand at ≥ 100 is 10, and 10 at ≤ 100 as well; below 1 the bar is missed.
    """
    if bar.measured is None or bar.sign == "=" or not bar.threshold:
        return None
    best, worst = math.pow(10, _HIGHEST), math.pow(10, _LOWEST)
    if bar.measured <= 0:
        return worst if bar.sign == "≥" else best
    factor = bar.measured / bar.threshold if bar.sign == "≥" else bar.threshold / bar.measured
    return min(best, max(worst, factor))


def overview(bars: Sequence[Judged], width: float) -> str:
    """Return the picture as SVG that takes its colours from the page.

    Args:
        bars: All bars; those that were not measured are left out.
        width: Of its coordinates, in which text is 12 high.
    """
    drawn: list[str] = []
    top = 0.0
    areas = dict.fromkeys(bar.area for bar in bars if bar.measured is not None)
    for area in areas:
        measured = [bar for bar in bars if bar.area == area and bar.measured is not None]
        dots = list(_dots(measured, width))
        height = _TITLE + _ROW + _STEP * max(level for _, _, level in dots)
        foot = top + height - _ROW / 2
        drawn.append(f'<text x="0" y="{top + 14:.0f}" fill="var(--ink)">{escape(area)}</text>')
        drawn += [_dot(bar, x, foot - _STEP * level) for bar, x, level in dots]
        top += height
    return _framed("".join(drawn), width, top)


def _dots(bars: Sequence[Judged], width: float) -> Iterator[tuple[Judged, float, int]]:
    """Yield each bar with its place from the left, and how many are below it at the same one."""
    there: Counter[float] = Counter()
    for bar in bars:
        factor = margin(bar)
        x = width - _EXACT / 2 if factor is None else round(_x(math.log10(factor), width) / _STEP) * _STEP
        yield bar, x, there[x]
        there[x] += 1


def _dot(bar: Judged, x: float, y: float) -> str:
    told = escape(f"{bar.name}: {bar.found}, asked for {bar.asked}")
    look = 'fill="var(--accent)"' if bar.held else 'fill="none" stroke="var(--warn)" stroke-width="2"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_DOT:g}" {look}><title>{told}</title></circle>'


def _framed(drawn: str, width: float, height: float) -> str:
    ticks = "".join(
        f'<line x1="{_x(at, width):.1f}" x2="{_x(at, width):.1f}" y1="0" y2="{height:.0f}" '
        f'stroke="var({"--soft" if at == 0 else "--line"})"/>'
        f'<text x="{_x(at, width):.1f}" y="{height + 18:.0f}" text-anchor="{"start" if at == _LOWEST else "middle"}">'
        f"{word}</text>"
        for at, word in _TICKS
    )
    exact = f'<text x="{width - _EXACT / 2:.0f}" y="{height + 18:.0f}" text-anchor="middle">exact</text>'
    return (
        f'<svg viewBox="0 0 {width:.0f} {height + _FOOT:.0f}" role="img" aria-label="How far every figure is from its '
        f'bar, a dot each; the tables below say the same" style="font: 12px var(--font); fill: var(--soft)">'
        f"{ticks}{exact}{drawn}</svg>"
    )


def _x(power: float, width: float) -> float:
    return _STEP + (width - _EXACT - 3 * _STEP) * (power - _LOWEST) / (_HIGHEST - _LOWEST)
