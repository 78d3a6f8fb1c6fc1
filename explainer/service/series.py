"""How explanations fared over time, by the version that made them.

A complaint counts in the period of the text it is about, not in that of the complaint: so that shares are of something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy.orm import InstrumentedAttribute, Session

from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.listing import COMPLAINTS, Search
from explainer.storage.private import private_counts
from explainer.storage.walks import judgements, outcomes
from explainer.writing.texts import TEMPLATE


class Period(StrEnum):
    """What is counted together: UTC days, or weeks that begin on Monday (ISO 8601)."""

    DAY = "day"
    WEEK = "week"


class Version(StrEnum):
    """Which part's versions are told apart."""

    RECOMMENDER = "recommender"
    WRITER = "writer"
    PROMPT = "prompt"


class Point(msgspec.Struct, frozen=True):
    """One period of one version.

    Attributes:
        period: Its first day.
        version: The version.
        explanations: How many were made.
        fallbacks: How many of them were written by templates.
        fallback_share: The same over all, 0 to 1.
        gate_failures: What the gate held against drafts, by rule: how many explanations had such a draft.
        private: How many explanations kept something private out, by its category.
        wrong: How often one was called wrong,
        offensive: offensive
        helpful: or helpful.
        complaint_share: Wrong and offensive over explanations.
    """

    period: date
    version: str
    explanations: int
    fallbacks: int
    fallback_share: float
    gate_failures: dict[str, int]
    private: dict[str, int]
    wrong: int
    offensive: int
    helpful: int
    complaint_share: float


class Series(msgspec.Struct, frozen=True):
    """Points, oldest period first, and within one by version.

    Attributes:
        by: What a period is.
        version: Which part's versions are told apart.
        points: Periods without an explanation have none.
    """

    by: Period
    version: Version
    points: list[Point]


@dataclass
class _Tally:
    explanations: int = 0
    fallbacks: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    private: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)


def series(session: Session, search: Search, by: Period, version: Version) -> Series:
    """Return how the explanations that a search finds fared. Memory grows with periods and versions, not with rows.

    Raises:
        SearchError: If the search makes no sense.
    """
    tallies: dict[tuple[date, str], _Tally] = {}
    column = _COLUMNS[version]
    for _, at, made_by, source, failures, asked in outcomes(session, search, column):
        tally = tallies.setdefault((_begin(at, by), made_by), _Tally())
        tally.explanations += 1
        tally.fallbacks += source == TEMPLATE
        tally.rules.update({rule_of(str(failure)) for failure in failures})
        tally.private.update(private_counts(asked).keys())
    for _, kind, at, made_by in judgements(session, search, column):
        tallies.setdefault((_begin(at, by), made_by), _Tally()).said[kind] += 1
    points = [_point(period, made_by, tallies[period, made_by]) for period, made_by in sorted(tallies)]
    return Series(by, version, points)


def rule_of(failure: str) -> str:
    """Return the rule that a failure names: ``digits``, ``unknown_word`` of ``unknown_word: best``."""
    return failure.partition(":")[0].strip()


_COLUMNS: Mapping[Version, InstrumentedAttribute[str]] = {
    Version.RECOMMENDER: ExplanationRow.recommender_version,
    Version.WRITER: ExplanationRow.writer_version,
    Version.PROMPT: ExplanationRow.prompt_version,
}


def _begin(at: datetime, by: Period) -> date:
    day = at.date()
    return day if by is Period.DAY else day - timedelta(days=day.weekday())


def _point(period: date, version: str, tally: _Tally) -> Point:
    made, complaints = tally.explanations, sum(tally.said[kind] for kind in COMPLAINTS)
    return Point(
        period=period,
        version=version,
        explanations=made,
        fallbacks=tally.fallbacks,
        fallback_share=tally.fallbacks / made if made else 0.0,
        gate_failures=dict(sorted(tally.rules.items())),
        private=dict(sorted(tally.private.items())),
        wrong=tally.said["wrong"],
        offensive=tally.said["offensive"],
        helpful=tally.said["helpful"],
        complaint_share=complaints / made if made else 0.0,
    )
