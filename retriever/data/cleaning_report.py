"""What came of cleaning: every row that is not used, under a reason, with a few examples of where it stood."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from retriever.data.model import Behaviour
from retriever.data.screening_config import ScreeningConfig

_EXAMPLES_PER_REASON = 5


class DropReason(StrEnum):
    """Why a row was not used."""

    MALFORMED = "malformed"
    WRONG_ENCODING = "wrong encoding"
    NO_ID = "no id"
    EMPTY_TITLE = "empty title"
    NO_USER = "no user"
    UNKNOWN_ITEM = "unknown item"
    UNKNOWN_KIND = "unknown kind"
    IMPOSSIBLE_TIME = "impossible time"
    OUT_OF_RANGE = "value out of range"
    DUPLICATE = "duplicate"
    FAR_TIME = "time before the web, far from all others"
    REPEATED = "repeated at once"
    BOT_VOLUME = "bot by volume"
    BOT_SPEED = "bot by speed"
    ERASED = "of somebody who was erased"
    LONG_ID = "id longer than 200 characters"


class FlagReason(StrEnum):
    """Why something kept is worth a look."""

    FAR_TIME = "time far from all others"
    BUSY = "unusually many behaviours"
    CONSTANT_VALUE = "always the same value"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of the report: how many rows of a table, why, and up to five places where they stood."""

    table: str
    reason: str
    rows: int
    examples: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the line as plain JSON data."""
        return {"table": self.table, "reason": self.reason, "rows": self.rows, "examples": list(self.examples)}


@dataclass
class CleaningReport:
    """How many rows (and users) were read, kept and dropped, and why.

    Places, never ids of people, tell where something stood: this report is stored, and outlives an erased user.

    Attributes:
        read: Rows read per table; the table ``users`` counts people.
        kept: Rows kept per table.
        dropped: Rows dropped per (table, reason).
        flagged: Rows kept but worth a look, per (table, reason).
        examples: Up to five places ("ratings.csv:17") per (table, reason).
        limits: Limits that the screening computed from the data, by name.
        places: Where each kept behaviour stood, by its id; used up by the screening and not stored.
        screening: Limits of the screening, as the dataset's settings give them.
    """

    read: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    dropped: Counter[tuple[str, DropReason]] = field(default_factory=Counter)
    flagged: Counter[tuple[str, FlagReason]] = field(default_factory=Counter)
    examples: dict[tuple[str, DropReason | FlagReason], list[str]] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict, repr=False)
    screening: ScreeningConfig = field(default_factory=ScreeningConfig)

    def drop(self, table: str, reason: DropReason, place: str, rows: int = 1) -> None:
        """Count one dropped row, or several that share their reason and their place."""
        self.dropped[table, reason] += rows
        self._example(table, reason, place)

    def flag(self, table: str, reason: FlagReason, place: str) -> None:
        """Count one row that is kept but worth a look."""
        self.flagged[table, reason] += 1
        self._example(table, reason, place)

    def place_of(self, behaviour: Behaviour) -> str:
        """Return where a behaviour stood."""
        return self.places.get(behaviour.id, "an unknown place")

    def _example(self, table: str, reason: DropReason | FlagReason, place: str) -> None:
        places = self.examples.setdefault((table, reason), [])
        if len(places) < _EXAMPLES_PER_REASON:
            places.append(place)

    def dropped_lines(self) -> tuple[ReportLine, ...]:
        """Return what was dropped, by table and reason."""
        return tuple(
            ReportLine(t, r.value, n, tuple(self.examples[t, r])) for (t, r), n in sorted(self.dropped.items())
        )

    def flagged_lines(self) -> tuple[ReportLine, ...]:
        """Return what was kept but is worth a look, by table and reason."""
        return tuple(
            ReportLine(t, r.value, n, tuple(self.examples[t, r])) for (t, r), n in sorted(self.flagged.items())
        )

    def as_dict(self) -> dict[str, object]:
        """Return the report as plain JSON data."""
        return {
            "read": dict(self.read),
            "kept": dict(self.kept),
            "dropped": [line.as_dict() for line in self.dropped_lines()],
            "flagged": [line.as_dict() for line in self.flagged_lines()],
            "limits": dict(self.limits),
        }
