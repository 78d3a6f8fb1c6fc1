"""The charts of the audit pages: what became of texts over time, by version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from explainer.picture.charts import Chart, draw_columns, draw_lines
from explainer.server.words import Words
from explainer.service.series import Period, Point, Series
from explainer.storage.lookup import SHOWN

_STEPS = {Period.DAY: timedelta(days=1), Period.WEEK: timedelta(weeks=1)}
_LINES, _STACKED, _PANELS = 6, 5, 4


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart on a page.

    Attributes:
        heading: What it is about.
        picture: The chart as SVG.
        empty: Whether it has nothing to show.
    """

    heading: str
    picture: Markup
    empty: bool


def figures(found: Series, words: Words) -> list[Figure]:
    """Return the charts of a series: share of fallbacks, complaints, and the gate's failures of each version.

    Of more versions than can be told apart, those with most explanations are drawn; the table has all.
    """
    step = _STEPS[found.by]
    versions = Counter[str]()
    for point in found.points:
        versions[point.version] += point.explanations
    often = [version for version, _ in versions.most_common(_LINES)]
    shares = {
        "audit.charts.fallbacks": lambda point: point.fallback_share,
        "audit.charts.complaints": lambda point: point.complaint_share,
    }
    made = [
        _figure(words(key), Chart(words(key), step, _lines(found, often, value), words.percent), draw_lines)
        for key, value in shares.items()
    ]
    rules = _most_frequent(found.points)  # the same in every chart, so that a colour is a rule
    for version in often[:_PANELS]:
        heading = words("audit.charts.gate", version=version[:SHOWN])
        mine = [point for point in found.points if point.version == version]
        rows = _rules(mine, rules, words("audit.charts.others"))
        made.append(_figure(heading, Chart(heading, step, rows, words.number, whole=True), draw_columns))
    return made


def _figure(heading: str, chart: Chart, draw: Callable[[Chart], str]) -> Figure:
    empty = not any(value for row in chart.rows.values() for value in row.values())
    return Figure(heading, Markup(draw(chart)), empty)  # noqa: S704  an XML writer made it, with every label escaped


def _lines(found: Series, versions: list[str], value: Callable[[Point], float]) -> Mapping[str, dict[date, float]]:
    return {
        version[:SHOWN]: {point.period: value(point) for point in found.points if point.version == version}
        for version in versions
    }


def _most_frequent(points: Sequence[Point]) -> list[str]:
    totals = Counter[str]()
    for point in points:
        totals.update(point.gate_failures)
    return [rule for rule, _ in totals.most_common(_STACKED)]


def _rules(points: Sequence[Point], often: Sequence[str], others: str) -> Mapping[str, dict[date, float]]:
    """Return failures by rule and period, the frequent rules first and the rest together."""
    rows: dict[str, dict[date, float]] = {rule: {} for rule in (*often, others)}
    for point in points:
        for rule, number in point.gate_failures.items():
            row = rows[rule if rule in often else others]
            row[point.period] = row.get(point.period, 0.0) + number
    return rows if rows[others] else {rule: rows[rule] for rule in often}
