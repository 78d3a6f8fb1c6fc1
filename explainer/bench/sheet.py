"""What the bench's pages share: the data report's style sheet, since pages of one house look alike."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import explainer.datareport
from explainer.datareport import wording


def sheets() -> Environment:
    """Return the templates of the pages; everything put into them is escaped."""
    house = Path(explainer.datareport.__file__).resolve().parent / "templates"
    made = Environment(
        loader=FileSystemLoader([Path(__file__).resolve().parent / "templates", house]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    made.filters |= {"number": wording.number, "percent": wording.percent}
    return made
