"""All bars as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explainer.bench.everything import Judged, Ran
from explainer.bench.sheet import sheets

_WIDTH = 100.0


def places(row: Judged) -> tuple[float, float]:
    """Return how far a figure and its bar reach, each of 100: the larger of them three quarters of the way.

    Linear from 0, as lengths are compared; what is far beyond the other leaves that a sliver, which is what it is.
    """
    measured, asked = abs(row.measured or 0.0), abs(row.threshold)
    most = max(measured, asked) / 0.75 or 1.0
    return _WIDTH * measured / most, _WIDTH * asked / most


def render(ran: Mapping[str, Ran], bars: Sequence[Judged]) -> str:
    """Return the page; everything in it is escaped by the template."""
    environment = sheets()
    environment.filters["places"] = places
    return environment.get_template("bars.html").render(ran=ran, bars=bars)
