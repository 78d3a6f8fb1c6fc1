"""A month's report as HTML: on a page of ours, and as one file that needs nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from explainer.picture.charts import Chart, draw_columns, draw_lines
from explainer.server.audit_charts import Figure
from explainer.server.language import NAMES
from explainer.server.rendering import HERE, environment
from explainer.server.words import Words, words_in
from explainer.service.month.calendar import Month
from explainer.service.month.findings import Finding
from explainer.service.month.report import MonthlyReport
from explainer.storage.listing import COMPLAINTS
from explainer.storage.lookup import SHOWN

_DAY = timedelta(days=1)
_LINES = 6
_STYLES = ("tokens", "style", "parts", "audit", "report")
_NAMED = {"category": "report.private.", "fault": "report.fault."}
_ROLES = ("support", "reviewer", "auditor", "admin")


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to look at, in words."""

    level: str
    words: str


def report_context(report: MonthlyReport, words: Words) -> dict[str, Any]:
    """Return what the templates of a report need beyond the words."""
    month = Month.of(report.month)
    return {
        "report": report,
        "month": month,
        "told": _told(report, words),
        "figures": _figures(report, words),
        "named": lambda counts, prefix: [(words.known(prefix + name, name), n) for name, n in counts.items()],
        "readers": [(_reader(one, words), n) for one, n in report.texts.readers.items()],
        "shown": SHOWN,
    }


def told_of(report: MonthlyReport, locale: str) -> list[Told]:
    """Return what to look at, in the words of a language."""
    return _told(report, words_in(locale))


def report_file(report: MonthlyReport, locale: str) -> str:
    """Return a report as one HTML file: no script, no network, no second file."""
    words = words_in(locale)
    css = "\n".join((HERE / "static" / f"{name}.css").read_text("utf-8") for name in _STYLES)
    return environment().get_template("audit/report_file.html").render(
        t=words,
        lang=NAMES[locale][1],
        css=Markup(css),  # noqa: S704  our own style sheets
        **report_context(report, words),
    )  # fmt: skip


def _reader(told: str, words: Words) -> str:
    locale, _, audience = told.partition("/")
    named = words.known(f"audit.locale.{locale}", locale), words.known(f"audit.audience.{audience}", audience)
    return " · ".join(named)


def _told(report: MonthlyReport, words: Words) -> list[Told]:
    return [Told(one.level.value, _worded(one, words)) for one in report.findings]


def _worded(one: Finding, words: Words) -> str:
    return words(f"report.find.{one.key}", **{name: _value(name, value, words) for name, value in one.values.items()})


def _value(name: str, value: float | str, words: Words) -> str:
    if name in _NAMED:
        return words.known(f"{_NAMED[name]}{value}", str(value))
    if isinstance(value, str):
        return value[:SHOWN] if name.endswith("version") else value
    if name.endswith("share"):
        return words.percent(value, 1)
    if name.endswith("per_mille"):
        return words.number(value, 1)
    return words.lasting(value) if name.endswith("_s") else words.number(value)


def _figures(report: MonthlyReport, words: Words) -> Mapping[str, Figure]:
    days = Month.of(report.month).days(report.made_at)
    over = days[0], days[-1]

    def columns(key: str, rows: Mapping[str, dict[date, float]]) -> Figure:
        return _figure(Chart(words(key), _DAY, rows, words.number, whole=True, over=over), draw_columns)

    shares = Chart(words("report.fallback"), _DAY, _fallbacks(report), words.percent, over=over)
    return {
        "texts": columns("report.texts", _texts(report, words)),
        "fallback": _figure(shares, draw_lines),
        "complaints": columns("report.complaints", _complaints(report, words)),
        "looks": columns("report.looks", _looks(report, words)),
    }


def _figure(chart: Chart, draw: Callable[[Chart], str]) -> Figure:
    empty = not any(row for row in chart.rows.values())
    return Figure(chart.name, Markup(draw(chart)), empty)  # noqa: S704  an XML writer made it, every label escaped


def _texts(report: MonthlyReport, words: Words) -> dict[str, dict[date, float]]:
    model, later, template = Counter[date](), Counter[date](), Counter[date]()
    for one in report.texts.by_day:
        model[one.day] += one.model
        later[one.day] += one.later
        template[one.day] += one.template - one.later
    rows = {"audit.source.model": model, "report.later": later, "audit.source.template": template}
    return {words(key): {day: float(n) for day, n in row.items()} for key, row in rows.items()}


def _fallbacks(report: MonthlyReport) -> dict[str, dict[date, float]]:
    """Return the share of fallbacks by writer and day, of the writers that were asked for most texts."""
    totals: dict[str, int] = {}
    for one in report.texts.by_day:
        totals[one.writer] = totals.get(one.writer, 0) + one.asked
    often = sorted((writer for writer in totals if totals[writer]), key=lambda writer: -totals[writer])[:_LINES]
    return {
        writer[:SHOWN]: {
            one.day: one.fallbacks / one.asked for one in report.texts.by_day if one.writer == writer and one.asked
        }
        for writer in often
    }


def _complaints(report: MonthlyReport, words: Words) -> dict[str, dict[date, float]]:
    return {
        words(f"audit.charts.{kind}"): {one.day: float(one.n) for one in report.voices.by_day if one.kind == kind}
        for kind in COMPLAINTS
    }


def _looks(report: MonthlyReport, words: Words) -> dict[str, dict[date, float]]:
    rows = {
        words(f"role.{role}"): {one.day: float(one.n) for one in report.accesses.by_day if one.role == role}
        for role in _ROLES
    }
    return {label: row for label, row in rows.items() if row}
