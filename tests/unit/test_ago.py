"""When it was: what is said is so in every time zone, and old things are not dated."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.writing.ago import ago
from explainer.writing.slots import is_outdated

NOW = int(datetime(2026, 6, 15, 12, tzinfo=UTC).timestamp())
HOUR, DAY = 3600, 86_400


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [
        (0, "just now"),
        (5 * HOUR, "a few hours ago"),
        (DAY, "a day ago"),
        (2 * DAY, "two days ago"),
        (7 * DAY, "a week ago"),
        (15 * DAY, "two weeks ago"),
        (90 * DAY, "in March"),
        (340 * DAY, None),
        (29 * 365 * DAY, None),
        (-1, None),
    ],
)
def test_how_long_ago(elapsed, said):
    assert ago(NOW - elapsed, NOW, "en") == said


def test_what_is_not_known_is_not_said():
    assert ago(None, NOW, "en") is None
    assert ago(NOW, None, "en") is None
    assert ago(NOW, NOW, "xx") is None
    assert ago(NOW - 2 * DAY, NOW, "zh") == "2 天前"


@given(st.integers(0, 4_000_000_000), st.integers(-(10**9), 4_000_000_000))
def test_no_number_in_digits_and_no_old_date(now, elapsed):
    said = ago(now - elapsed, now, "en") if now >= elapsed else None
    assert said is None or (not any(c.isdigit() for c in said) and 0 <= elapsed <= 331 * DAY)


def test_a_text_is_outdated_once_its_time_is():
    slots = {"b1.when": "two days ago", "item": "X", "b1": "Y"}
    times = {"b1": NOW - 2 * DAY}
    assert not is_outdated("You bought {b1} {b1.when}: {item}.", slots, times, NOW, "en")
    assert is_outdated("You bought {b1} {b1.when}: {item}.", slots, times, NOW + 7 * DAY, "en")
    assert not is_outdated("You bought {b1}: {item}.", slots, times, NOW + 7 * DAY, "en")
