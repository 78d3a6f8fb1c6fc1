"""Cleaning: every row that is not used is counted under a reason, with a few examples of where it stood."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from retriever.data.model import Behaviour, BehaviourKind, Item, ValueScale, behaviour_id

_EXAMPLES_PER_REASON = 5
_DAY_S = 86_400


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


@dataclass
class CleaningReport:
    """How many rows were read, kept and dropped, and why.

    Attributes:
        read: Rows read per table.
        kept: Rows kept per table.
        dropped: Rows dropped per (table, reason).
        examples: Up to five places ("ratings.csv:17") per (table, reason).
    """

    read: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    dropped: Counter[tuple[str, DropReason]] = field(default_factory=Counter)
    examples: dict[tuple[str, DropReason], list[str]] = field(default_factory=dict)

    def drop(self, table: str, reason: DropReason, place: str) -> None:
        """Count one dropped row."""
        self.dropped[table, reason] += 1
        places = self.examples.setdefault((table, reason), [])
        if len(places) < _EXAMPLES_PER_REASON:
            places.append(place)

    def as_dict(self) -> dict[str, object]:
        """Return the report as plain JSON data."""
        rows = [
            {"table": table, "reason": reason.value, "rows": count, "examples": self.examples[table, reason]}
            for (table, reason), count in sorted(self.dropped.items())
        ]
        return {"read": dict(self.read), "kept": dict(self.kept), "dropped": rows}


class RowError(Exception):
    """One row can't be used; carries the reason to the report."""

    def __init__(self, reason: DropReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    """One source row: where it stood and its fields by our names; ``fields`` is None for a malformed row."""

    place: str
    fields: Mapping[str, str] | None


def _checked(row: Row) -> Mapping[str, str]:
    if row.fields is None:
        raise RowError(DropReason.MALFORMED)
    for value in row.fields.values():
        # A surrogate stands for a byte that was not UTF-8; U+FFFD for one that an earlier tool gave up on.
        if any("\ud800" <= c <= "\udfff" or c == "\ufffd" for c in value):
            raise RowError(DropReason.WRONG_ENCODING)
    return row.fields


def _number(text: str, reason: DropReason) -> float:
    try:
        number = float(text)
    except ValueError:
        raise RowError(reason) from None
    if not math.isfinite(number):
        raise RowError(reason)
    return number


def clean_items(rows: Iterable[tuple[Row, Item | None]], report: CleaningReport) -> list[Item]:
    """Return the usable items in the order read; ``None`` beside a row means the reader found no id or title."""
    items: dict[str, Item] = {}
    for row, item in rows:
        report.read["items"] += 1
        try:
            _checked(row)
            if item is None or not item.id:
                raise RowError(DropReason.NO_ID)
            if not item.title.strip():
                raise RowError(DropReason.EMPTY_TITLE)
            if item.id in items:
                raise RowError(DropReason.DUPLICATE)
        except RowError as error:
            report.drop("items", error.reason, row.place)
            continue
        items[item.id] = item
    report.kept["items"] = len(items)
    return list(items.values())


def clean_behaviours(
    rows: Iterable[Row],
    items: Iterable[Item],
    scale: ValueScale,
    report: CleaningReport,
    *,
    default_kind: BehaviourKind | None = None,
    now_s: float | None = None,
) -> list[Behaviour]:
    """Return the usable behaviours in the order read.

    Args:
        rows: Fields ``user``, ``item`` and optionally ``kind``, ``value``, ``time`` (Unix seconds), ``id``.
        items: The catalogue; behaviours on anything else are dropped as unknown.
        scale: Values outside of it are dropped.
        report: Counts what happens.
        default_kind: Kind of rows that have none.
        now_s: Present, Unix seconds; later times are impossible (a day's grace for time zones).
    """
    latest = (time.time() if now_s is None else now_s) + _DAY_S
    known = {item.id for item in items}
    seen: dict[str, Behaviour] = {}
    for row in rows:
        report.read["behaviours"] += 1
        try:
            behaviour = _behaviour(row, known, scale, default_kind, latest)
            if behaviour.id in seen:
                raise RowError(DropReason.DUPLICATE)
        except RowError as error:
            report.drop("behaviours", error.reason, row.place)
            continue
        seen[behaviour.id] = behaviour
    report.kept["behaviours"] = len(seen)
    return list(seen.values())


def _behaviour(
    row: Row, known: set[str], scale: ValueScale, default_kind: BehaviourKind | None, latest: float
) -> Behaviour:
    fields = _checked(row)
    user, item = fields.get("user", "").strip(), fields.get("item", "").strip()
    if not user:
        raise RowError(DropReason.NO_USER)
    if item not in known:
        raise RowError(DropReason.UNKNOWN_ITEM)
    kind = _kind(fields.get("kind", ""), default_kind)
    value = _value(fields.get("value", ""), scale)
    moment = _time(fields.get("time", ""), latest)
    given = fields.get("id", "").strip()
    return Behaviour(given or behaviour_id(user, item, kind, moment, value), user, item, kind, moment, value)


def _kind(text: str, default: BehaviourKind | None) -> BehaviourKind:
    name = text.strip().lower()
    if not name and default is not None:
        return default
    try:
        return BehaviourKind(name)
    except ValueError:
        raise RowError(DropReason.UNKNOWN_KIND) from None


def _value(text: str, scale: ValueScale) -> float | None:
    if not text.strip():
        return None
    value = _number(text, DropReason.OUT_OF_RANGE)
    if not scale.low <= value <= scale.high:
        raise RowError(DropReason.OUT_OF_RANGE)
    return value


def _time(text: str, latest: float) -> int | None:
    if not text.strip():
        return None
    moment = _number(text, DropReason.IMPOSSIBLE_TIME)
    if not 0 < moment <= latest:
        raise RowError(DropReason.IMPOSSIBLE_TIME)
    return int(moment)
