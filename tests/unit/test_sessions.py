"""Sessions put together are the history; within one no pause is too long, between two each is."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.data import History
from retriever.data.sessions import split_sessions
from tests.conftest import rating

histories = st.lists(st.one_of(st.none(), st.integers(1, 50_000)), max_size=40).map(
    lambda times: History.of("u", [rating("u", f"i{n}", None, t, "view") for n, t in enumerate(times)])
)


@given(histories, st.sampled_from([0.0, 0.5, 30.0, 1e9]))
def test_sessions_in_a_row_are_the_history(history, gap):
    sessions = split_sessions(history, gap)
    assert tuple(b for s in sessions for b in s.behaviours) == history.behaviours
    assert all(len(s) and s.user == history.user for s in sessions)


@given(histories, st.sampled_from([0.0, 0.5, 30.0, 1e9]))
def test_pauses_are_short_within_and_long_between(history, gap):
    sessions = split_sessions(history, gap)
    for session in sessions:
        times = [b.time for b in session.behaviours]
        assert None not in times or set(times) == {None}
        assert all(b - a <= gap * 60 for a, b in pairwise(times) if None not in times)
    for before, after in pairwise(sessions):
        start, end = before.behaviours[-1].time, after.behaviours[0].time
        assert start is None or end - start > gap * 60


@given(histories)
def test_a_longer_pause_allowed_never_makes_more_sessions(history):
    counts = [len(split_sessions(history, gap)) for gap in (0, 1, 30, 600)]
    assert counts == sorted(counts, reverse=True)


def test_thirty_minutes_are_still_one_session():
    history = History.of("u", [rating("u", f"i{t}", None, t, "view") for t in (100, 1900, 3701)])
    assert [len(s) for s in split_sessions(history)] == [2, 1]


def test_unknown_times_are_one_session_and_nothing_is_none():
    history = History.of("u", [rating("u", f"i{n}", None, None, "view") for n in range(9)])
    assert [len(s) for s in split_sessions(history)] == [9]
    assert split_sessions(History("u")) == ()


@pytest.mark.parametrize("gap", [-1.0, float("nan")])
def test_a_gap_that_is_no_gap_is_refused(gap):
    with pytest.raises(ValueError, match="gap_minutes"):
        split_sessions(History("u"), gap)
