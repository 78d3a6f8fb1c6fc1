"""The report as one HTML file that needs nothing else: no network, no script, no second file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from explainer.datareport import wording
from explainer.datareport.figures import gini, share_that_holds
from explainer.datareport.finding import Finding
from explainer.datareport.summary import Summary
from explainer.writing.slots import display_title
from retriever.data.screening_config import ScreeningConfig

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def render(summary: Summary, findings: Sequence[Finding], pictures: Mapping[str, str], limits: ScreeningConfig) -> str:
    """Return the page. Everything but our own pictures is escaped by the template."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {
        "percent": wording.percent,
        "number": wording.number,
        "date": wording.date,
        "span": wording.span,
        "shown": display_title,
        "median": np.median,
        "quantile": np.quantile,
        "isfinite": math.isfinite,
    }
    return environment.get_template("report.html").render(
        s=summary,
        findings=findings,
        pictures={name: Markup(svg) for name, svg in pictures.items()},  # noqa: S704  drawn by us from numbers alone
        count=wording.count,
        limits=limits,
        gini=gini,
        share_that_holds=share_that_holds,
    )
