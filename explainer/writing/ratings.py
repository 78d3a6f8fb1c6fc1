"""Which behaviours were rated alike, so that one rating may be told of them all."""

from __future__ import annotations

from collections.abc import Sequence

from explainer.evidence import Evidence
from retriever.data import BehaviourKind


def are_rated_alike(slots: Sequence[str], evidence: Evidence) -> bool:
    """Return whether behaviours are ratings, and all of the same value."""
    ratings = {b.slot: b.value for b in evidence.behaviours if b.kind is BehaviourKind.RATING}
    values = {ratings.get(slot) for slot in slots}
    return len(values) == 1 and None not in values
