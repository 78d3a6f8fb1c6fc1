"""Findings about time and values: what the order of things and the ratings can't tell."""

from __future__ import annotations

from collections.abc import Iterator

from explainer.datareport.finding import Finding
from explainer.datareport.summary import Summary
from explainer.datareport.wording import count, date, number, percent
from retriever.data import Polarity
from retriever.data.cleaning_report import FlagReason

_MANY_SITTERS = 0.25
_PEAK = 0.15
_PERIODS = 8
_FEW_LOW = 0.05
_ENOUGH_USERS = 5


def times_missing(s: Summary) -> Iterator[Finding]:
    """No times, some times, or one and the same."""
    if s.time.known == 0:
        yield Finding(
            80,
            f"No behaviour has a time (0 of {s.behaviours:,}).",
            "Order, recency and sessions are unknown, and an evaluation can't hold out the latest.",
        )
    elif s.time.known < 1:
        yield Finding(
            20 + 50 * (1 - s.time.known),
            f"{percent(1 - s.time.known)} of behaviours have no time.",
            "They count as the oldest of their history.",
        )
    if s.time.known and s.time.first == s.time.last and s.behaviours > 1:
        yield Finding(
            79,
            f"All {count(round(s.time.known * s.behaviours), 'time')} are the same.",
            "They were probably stamped by an export; treat the order as unknown.",
        )


def far_times(s: Summary) -> Iterator[Finding]:
    """Times that are possible, but far from all others."""
    for line in s.flagged:
        if line.reason == FlagReason.FAR_TIME:
            yield Finding(
                25 + 30 * line.rows / s.behaviours,
                f"{count(line.rows, 'behaviour')} happened long before or after all the others.",
                f"See {line.examples[0]}. They are kept; they stretch every picture of time.",
            )


def one_sitting(s: Summary) -> Iterator[Finding]:
    """Users whose whole history is one session."""
    sessions = s.time.sessions
    if sessions is None or s.time.first == s.time.last or s.users < _ENOUGH_USERS:
        return
    several = sum(1 for n in s.per_user if n > 1)
    share = float((sessions.per_user == 1).sum()) / len(sessions.per_user)
    if share >= _MANY_SITTERS and several > s.users / 2:
        yield Finding(
            25 + 50 * share,
            f"{percent(share)} of users did everything in one sitting.",
            "For them, holding out the latest asks what came minutes later, not what they want next week; "
            "order and recency say little.",
        )


def quiet_and_loud_periods(s: Summary) -> Iterator[Finding]:
    """A period that holds a large part, and periods that hold nothing."""
    counts, period = s.time.counts, s.time.period
    if len(counts) < _PERIODS:
        return
    share = max(counts) / sum(counts)
    if share >= _PEAK:
        when = date(s.time.starts[counts.index(max(counts))])
        yield Finding(
            22 + 50 * share,
            f"{percent(share)} of behaviours fall into one {period}.",
            f"It begins on {when}. A launch, an import, or a fault in logging?",
        )
    # Where single times lie far out, the emptiness between says nothing new.
    far = any(line.reason == FlagReason.FAR_TIME for line in s.flagged)
    if not far and (empty := sum(n == 0 for n in counts)):
        yield Finding(
            14 + 40 * empty / len(counts),
            f"{count(empty, period)} of {len(counts)} hold nothing.",
            "Was nothing done, or nothing logged?",
        )


def values(s: Summary) -> Iterator[Finding]:
    """No values, one value, or hardly a low one."""
    v = s.values
    if not v.given:
        yield Finding(
            33,
            f"No behaviour has a value (0 of {s.behaviours:,}).",
            "Every contact counts as liking; dislike can't be learnt.",
        )
        return
    if len(v.counts) == 1 and v.given > 1:
        yield Finding(45, f"Every value is {number(v.counts[0][0])} ({v.given:,} of them).", "They tell nothing apart.")
    elif v.polarity[Polarity.NEGATIVE] < _FEW_LOW:
        yield Finding(
            18,
            f"{percent(v.polarity[Polarity.NEGATIVE])} of the values are low.",
            "There is little to learn about dislike.",
        )
    else:
        yield Finding(
            11,
            f"{percent(v.polarity[Polarity.NEGATIVE])} of the values are low, {percent(v.polarity[Polarity.POSITIVE])} "
            "are high.",
            "Low ones count against an item, the ones between for neither side.",
        )
