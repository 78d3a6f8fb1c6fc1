"""The capacity model as one HTML page that needs nothing else."""

from __future__ import annotations

import math

import numpy as np
from markupsafe import Markup

from explainer.bench.capacity import rates
from explainer.bench.capacity.model import Capacity, Span
from explainer.bench.capacity.trial import Trial
from explainer.bench.sheet import sheets
from explainer.datareport import wording

_KINDS = (rates.MEASURED, rates.GIVEN, rates.ASSUMED)
_WIDTH, _HEIGHT, _LEFT, _FOOT = 640, 260, 92, 34


def render(found: Capacity, trial: Trial | None = None) -> str:
    """Return the page, with the model's error against a measured run where there is one."""
    environment = sheets()
    environment.filters |= {"span": _span, "short": _short, "error": _error, "signed": _signed}
    top = max((high for _, high in found.sways.values()), default=1.0)
    picture = Markup(growth_picture(found))  # noqa: S704  drawn by us from numbers alone
    kinds = {kind: sum(one.kind == kind for one in found.rates.of.values()) for kind in _KINDS}
    return environment.get_template("plan.html").render(
        c=found, top=top, picture=picture, trial=trial, kinds=kinds, assumed=rates.ASSUMED
    )


def _short(value: float) -> str:
    """Return a count in the unit people would use: 524, 39 thousand, 39 million."""
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if value >= size:
            return f"{wording.number(float(f'{value / size:.2g}'))} {word}"
    return wording.number(value)


def _span(span: Span) -> str:
    return f"{_short(span.low)} to {_short(span.high)}" if span.open else _short(span.likely)


def _error(share: float) -> float:
    """Return how long an error is drawn, of 50: it ends at a half, and what is more is told by its figure."""
    return 100 * min(0.5, abs(share))


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}\N{NO-BREAK SPACE}%".replace("-", "−")


def growth_picture(found: Capacity) -> str:
    """Return distinct prompts against explanations, both on log scales: counts, the law, and the range it leaves."""
    pairs = found.asked.pairs * found.rates[rates.TOLD]
    measured = found.rates.counts
    right, top = math.log10(max(pairs, 10)), math.log10(max(found.prompts.high, 10))

    def at(n: float, prompts: float) -> str:
        x = _LEFT + (_WIDTH - _LEFT - 44) * math.log10(max(n, 1)) / right
        return f"{x:.1f},{_y(math.log10(max(prompts, 1)) / top):.1f}"

    last = measured[-1][0]
    many = np.geomspace(last, max(pairs, last), 30)
    exponents = [math.log(max(p, 1) / max(found.growth.prompts(last), 1)) / max(math.log(pairs / last), 1e-9)
                 for p in (found.prompts.low, found.prompts.high)]  # fmt: skip
    low, high = ([at(n, found.growth.prompts(n, e, last)) for n in many] for e in exponents)
    law = " ".join(at(n, found.growth.prompts(n)) for n in np.geomspace(1, max(pairs, 10), 60))
    dots = "".join(
        '<circle cx="{}" cy="{}" r="4" fill="var(--warn)"/>'.format(*at(n, prompts).split(","))
        for n, prompts in measured
    )
    ticks = "".join(
        f'<line x1="{_LEFT}" x2="{_WIDTH - 44}" y1="{_y(p / top):.1f}" y2="{_y(p / top):.1f}" stroke="var(--line)"/>'
        f'<text x="{_LEFT - 8}" y="{_y(p / top) + 4:.1f}" text-anchor="end">{_short(10.0**p)}</text>'
        for p in range(0, math.floor(top) + 1, 2)
    )
    feet = "".join(
        f'<text x="{at(10.0**p, 1).split(",")[0]}" y="{_HEIGHT - 12}" text-anchor="middle">{_short(10.0**p)}</text>'
        for p in range(0, math.floor(right) + 1, 2)
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Distinct prompts by explanations, log scales" '
        f'style="font: 12px var(--font); fill: var(--soft)">{ticks}{feet}'
        f'<polygon points="{" ".join([*low, *reversed(high)])}" fill="var(--accent)" opacity="0.18"/>'
        f'<polyline points="{law}" fill="none" stroke="var(--accent)" stroke-width="2"/>{dots}</svg>'
    )


def _y(share: float) -> float:
    return 12 + (_HEIGHT - _FOOT - 12) * (1 - share)
