"""What can have had its time, as far as entries of the log tell of when it was made.

The id of an explanation tells when that was made. An entry about a look or a comment is written with it. Of feedback
and reviews of an old explanation, and of what was excluded of old behaviours, no entry tells when the old thing was
made, so nothing but the kind of entry can be held against these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from explainer.audit.spans import Limit
from explainer.storage.ids import span_of
from explainer.storage.removal_tables import RetentionRow

# From the making of a thing to its entry it was never longer.
_LONGEST = timedelta(minutes=10)
_Earliest = Callable[[str, datetime], datetime | None]


def limit_of(row: RetentionRow) -> Limit | None:
    """Return what a retention may have taken; None for one from before it was kept of what age that was."""
    return None if row.kind is None or row.before is None else Aged(row.kind, row.before)


@dataclass(frozen=True, slots=True)
class Aged:
    """Things of one kind that were made before a moment, and what goes with them.

    Attributes:
        kind: As the settings name it.
        before: The moment.
    """

    kind: str
    before: datetime

    def allows(self, event: str, record_id: str, at: datetime) -> bool:
        """Return whether what an entry is about may have gone with one of them.

        Args:
            event: The entry's,
            record_id: what it is about,
            at: when it was written.
        """
        earliest = _EARLIEST.get(self.kind, {}).get(event)
        if earliest is None:
            return False
        made = earliest(record_id, at)
        return made is None or made < self.before


def _by_entry(_: str, at: datetime) -> datetime:
    return at - _LONGEST


def _by_id(record_id: str, _: datetime) -> datetime | None:
    told = span_of(record_id)
    return None if told is None else told[0]


def _by_either(record_id: str, at: datetime) -> datetime:
    told = _by_id(record_id, at)
    return _by_entry(record_id, at) if told is None else told


def _by_nothing(*_: object) -> None:
    return None


# By kind and event: the earliest moment at which the thing of that kind can have been made.
_EARLIEST: Mapping[str, Mapping[str, _Earliest]] = {
    "explanations": {
        "explanation.created": _by_either,
        "explanation.revised": _by_id,
        "explanation.suppressed": _by_id,
        "counterfactual.found": _by_id,
        "feedback.given": _by_nothing,
        "review.opened": _by_nothing,
        "review.decided": _by_nothing,
    },
    "comments": {"feedback.given": _by_entry},
    "views": {"record.viewed": _by_entry},
    "behaviours": {"behaviour.excluded": _by_nothing, "behaviour.included": _by_nothing},
}
