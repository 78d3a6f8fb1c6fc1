"""When things happened: per day, week or month, and in which sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from explainer.datareport.figures import Counts, Reals
from retriever.data import Dataset, History
from retriever.data.sessions import DEFAULT_GAP_MINUTES, split_sessions

_DAY_S = 86_400
# The finest period that gives at most this many bars is drawn.
_MOST_BARS = 130


@dataclass(frozen=True)
class Sessions:
    """Sessions of the behaviours whose time is known.

    Attributes:
        gap_minutes: Longest pause within one.
        sizes: int64 [sessions], behaviours in each.
        minutes: float64 [sessions], from its first to its last behaviour.
        per_user: int64 [users with a known time], sessions of each.
        pauses_days: float64 [pauses], days between a session and the same user's next.
    """

    gap_minutes: float
    sizes: Counts
    minutes: Reals
    per_user: Counts
    pauses_days: Reals


@dataclass(frozen=True)
class Timeline:
    """When it happened.

    Attributes:
        known: Share of behaviours with a time.
        first: Earliest, or None without any time.
        last: Latest.
        period: day, week or month.
        starts: Beginning of every period between first and last.
        counts: Behaviours in each.
        sessions: None without any time.
    """

    known: float
    first: datetime | None = None
    last: datetime | None = None
    period: str = "day"
    starts: tuple[datetime, ...] = ()
    counts: tuple[int, ...] = ()
    sessions: Sessions | None = None

    @property
    def days(self) -> float:
        """Return the days from first to last."""
        return (self.last - self.first).total_seconds() / _DAY_S if self.first and self.last else 0.0


def timeline_of(dataset: Dataset) -> Timeline:
    """Return when a dataset's behaviours happened."""
    times = np.asarray([b.time for b in dataset.behaviours if b.time is not None], dtype=np.int64)
    if not len(times):
        return Timeline(known=0.0)
    first, last = _moment(int(times.min())), _moment(int(times.max()))
    period, edges = _edges(int(times.min()), int(times.max()))
    counts, _ = np.histogram(times, edges)
    return Timeline(
        known=len(times) / len(dataset.behaviours),
        first=first,
        last=last,
        period=period,
        starts=tuple(_moment(int(edge)) for edge in edges[:-1]),
        counts=tuple(int(n) for n in counts),
        sessions=_sessions(dataset),
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _edges(first: int, last: int) -> tuple[str, Counts]:
    days = np.arange(first // _DAY_S, last // _DAY_S + 2) * _DAY_S
    if len(days) <= _MOST_BARS:
        return "day", days
    # 1 January 1970 was a Thursday: weeks that begin on Monday are four days off.
    week = 7 * _DAY_S
    start = (first - 4 * _DAY_S) // week * week + 4 * _DAY_S
    weeks = np.arange(start, last + week + 1, week)
    if len(weeks) <= _MOST_BARS:
        return "week", weeks
    months = _calendar(first, last, "M")
    return ("month", months) if len(months) <= 3 * _MOST_BARS else ("year", _calendar(first, last, "Y"))


def _calendar(first: int, last: int, unit: str) -> Counts:
    ends = np.asarray([first, last], dtype="datetime64[s]").astype(f"datetime64[{unit}]").astype(np.int64)
    periods = np.arange(ends[0], ends[1] + 2).astype(f"datetime64[{unit}]")
    return periods.astype("datetime64[s]").astype(np.int64)


def _sessions(dataset: Dataset) -> Sessions:
    sizes: list[int] = []
    minutes: list[float] = []
    per_user: list[int] = []
    pauses: list[float] = []
    for history in dataset.histories.values():
        timed = History(history.user, tuple(b for b in history.behaviours if b.time is not None))
        sessions = split_sessions(timed)
        if not sessions:
            continue
        per_user.append(len(sessions))
        spans = [(s.behaviours[0].time or 0, s.behaviours[-1].time or 0) for s in sessions]
        sizes.extend(len(s) for s in sessions)
        minutes.extend((end - start) / 60 for start, end in spans)
        pauses.extend((after[0] - before[1]) / _DAY_S for before, after in pairwise(spans))
    return Sessions(
        DEFAULT_GAP_MINUTES,
        np.asarray(sizes, dtype=np.int64),
        np.asarray(minutes, dtype=np.float64),
        np.asarray(per_user, dtype=np.int64),
        np.asarray(pauses, dtype=np.float64),
    )
