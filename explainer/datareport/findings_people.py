"""Findings about the people: too few, too busy, too short a history, always the same value."""

from __future__ import annotations

from collections.abc import Iterator

from explainer.datareport.finding import Finding
from explainer.datareport.summary import Summary
from explainer.datareport.wording import count, number, percent
from retriever.data.cleaning_report import DropReason, FlagReason

_FEW_USERS = 50
_SHORT = 5
_DOMINANT = 0.05


def few_people(s: Summary) -> Iterator[Finding]:
    """Too few users or items to learn anything from."""
    if s.users == 1:
        yield Finding(95, "There is 1 user.", "Nothing can be learnt from what others did; only content can recommend.")
    elif s.users < _FEW_USERS:
        yield Finding(60, f"There are {s.users} users.", "What people have in common rests on very few of them.")
    if s.items == 1:
        yield Finding(96, "There is 1 item.", "There is nothing to rank.")


def bots(s: Summary) -> Iterator[Finding]:
    """Users that the screening dropped or would like looked at."""
    for line in s.dropped:
        if line.table == "users":
            rows = sum(d.rows for d in s.dropped if d.table == "behaviours" and d.reason == line.reason)
            users = count(line.rows, "user")
            how = "by their number of behaviours" if line.reason == DropReason.BOT_VOLUME else "by their speed"
            yield Finding(
                min(90.0, 55 + 100 * rows / (rows + s.behaviours)),
                f"{users} {'was' if line.rows == 1 else 'were'} taken for bots {how}, and dropped.",
                f"They made {count(rows, 'row')}; see {line.examples[0]}. "
                "If they are people, raise the limits in the [cleaning] table.",
            )
    for line in s.flagged:
        if line.reason == FlagReason.BUSY:
            yield Finding(
                30,
                f"{count(line.rows, 'user')} did unusually much, but not enough to be dropped.",
                f"The usual limit is {number(s.limits[0])} behaviours; see {line.examples[0]}.",
            )


def busiest_user(s: Summary) -> Iterator[Finding]:
    """One user who is a large part of the data."""
    share = int(s.per_user.max()) / s.behaviours
    if s.users > 1 / _DOMINANT and share >= _DOMINANT:
        yield Finding(
            30 + 60 * share,
            f"One user made {percent(share)} of all behaviours.",
            "What the recommender learns leans towards this one taste.",
        )


def short_histories(s: Summary) -> Iterator[Finding]:
    """Users with hardly anything to recommend from."""
    share = float((s.per_user < _SHORT).mean())
    if share >= _DOMINANT:
        yield Finding(
            25 + 60 * share,
            f"{percent(share)} of users have fewer than {_SHORT} behaviours.",
            "They are close to a cold start: expect popular items and careful sentences for them.",
        )


def constant_values(s: Summary) -> Iterator[Finding]:
    """Users who give everything the same value."""
    for line in s.flagged:
        if line.reason == FlagReason.CONSTANT_VALUE:
            yield Finding(
                12 + 60 * line.rows / s.users,
                f"{count(line.rows, 'user')} gave everything the same value ({percent(line.rows / s.users)}).",
                "What they chose still tells of them; what they like more does not show. They are kept.",
            )
