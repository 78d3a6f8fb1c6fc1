"""All bars as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import explainer.datareport
from explainer.bench.everything import Judged, Ran
from explainer.datareport import wording


def render(machine: Mapping[str, str], ran: Mapping[str, Ran], bars: Sequence[Judged]) -> str:
    """Return the page; everything in it is escaped by the template."""
    house = Path(explainer.datareport.__file__).resolve().parent / "templates"
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).resolve().parent / "templates", house]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["number"] = wording.number
    return environment.get_template("bars.html").render(machine=machine, ran=ran, bars=bars)
