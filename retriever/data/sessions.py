"""Sessions: a history cut where its owner was away."""

from __future__ import annotations

from itertools import pairwise

from retriever.data.model import Behaviour, History

DEFAULT_GAP_MINUTES = 30.0


def split_sessions(history: History, gap_minutes: float = DEFAULT_GAP_MINUTES) -> tuple[History, ...]:
    """Return the history as sessions in time order; put together again they are the history.

    A session ends where the next behaviour comes more than ``gap_minutes`` later. Half an hour is what the web agreed
    on after Catledge and Pitkow measured 25.5 minutes ("Characterizing Browsing Strategies in the World-Wide Web",
    Computer Networks and ISDN Systems 27, 1995); Halfaker et al. ("User Session Identification Based on Strong
    Regularities in Inter-activity Time", WWW 2015) find an hour for many services, MovieLens among them.

    Args:
        history: In time order, as :meth:`~retriever.data.History.of` makes it.
        gap_minutes: Longest pause within a session, in minutes.

    Returns:
        No session for an empty history. Behaviours without a time, which a history has first, are one session: nothing
        says where to cut them.

    Raises:
        ValueError: If the gap is not a number of 0 or more.
    """
    if not gap_minutes >= 0:
        raise ValueError(f"gap_minutes must be 0 or more, not {gap_minutes}.")
    rows = history.behaviours
    if not rows:
        return ()
    cuts = [n for n, (before, after) in enumerate(pairwise(rows), start=1) if _apart(before, after, gap_minutes * 60)]
    edges = [0, *cuts, len(rows)]
    return tuple(History(history.user, rows[start:end]) for start, end in pairwise(edges))


def _apart(before: Behaviour, after: Behaviour, gap_s: float) -> bool:
    if before.time is None or after.time is None:
        return before.time is not after.time
    return after.time - before.time > gap_s
