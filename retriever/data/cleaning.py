"""Cleaning: what a row says, or the reason for which it is not used."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from retriever.data.cleaning_report import CleaningReport, DropReason
from retriever.data.model import Behaviour, BehaviourKind, Item, ValueScale, behaviour_id

LONGEST_ID = 200
"""Characters of an id: what every table and address has room for."""
_DAY_S = 86_400
_KINDS = MappingProxyType({kind.value: kind for kind in BehaviourKind})
# A surrogate stands for a byte that was not UTF-8; U+FFFD for one that an earlier tool gave up on.
_NOT_UTF8 = re.compile("[\ud800-\udfff\ufffd]")


class RowError(Exception):
    """One row can't be used; carries the reason to whoever reports it."""

    def __init__(self, reason: DropReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Row(NamedTuple):
    """One source row: where it stood and its fields by our names; ``fields`` is None for a malformed row."""

    place: str
    fields: Mapping[str, str] | None


def _checked(row: Row) -> Mapping[str, str]:
    if row.fields is None:
        raise RowError(DropReason.MALFORMED)
    for value in row.fields.values():
        if not value.isascii() and _NOT_UTF8.search(value):
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
            usable = clean_item(row, item)
            if usable.id in items:
                raise RowError(DropReason.DUPLICATE)
        except RowError as error:
            report.drop("items", error.reason, row.place)
            continue
        items[usable.id] = usable
    report.kept["items"] = len(items)
    return list(items.values())


def clean_item(row: Row, item: Item | None) -> Item:
    """Return the item of a row if it can be used.

    Args:
        row: Its fields, all text.
        item: What a reader made of them; None if it found no id or title.

    Raises:
        RowError: If it cannot.
    """
    _checked(row)
    if item is None or not item.id:
        raise RowError(DropReason.NO_ID)
    if len(item.id) > LONGEST_ID:
        raise RowError(DropReason.LONG_ID)
    if not item.title.strip():
        raise RowError(DropReason.EMPTY_TITLE)
    return item


def tidy_item(
    item_id: str,
    title: str,
    aspects: Iterable[str] = (),
    year: int | None = None,
    text: str = "",
    creator: str = "",
) -> Item:
    """Return an item as every source of named columns spells it: one blank for many, aspects in lower case, once."""
    terms = tuple(dict.fromkeys(term.strip().lower() for term in aspects if term.strip()))
    return Item(item_id.strip(), " ".join(title.split()), terms, year, text.strip(), creator=" ".join(creator.split()))


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
    latest = latest_time(now_s)
    known = {item.id for item in items}
    seen: dict[str, Behaviour] = {}
    for row in rows:
        report.read["behaviours"] += 1
        try:
            behaviour = clean_behaviour(row, known, scale, default_kind, latest)
            if behaviour.id in seen:
                raise RowError(DropReason.DUPLICATE)
        except RowError as error:
            report.drop("behaviours", error.reason, row.place)
            continue
        seen[behaviour.id] = behaviour
        report.places[behaviour.id] = row.place
    report.kept["behaviours"] = len(seen)
    return list(seen.values())


def latest_time(now_s: float | None = None) -> float:
    """Return the latest Unix time, in seconds, that a behaviour can have: a day's grace for time zones."""
    return (time.time() if now_s is None else now_s) + _DAY_S


def clean_behaviour(
    row: Row, known: Collection[str], scale: ValueScale, default_kind: BehaviourKind | None, latest: float
) -> Behaviour:
    """Return the behaviour of a row if it can be used.

    Args:
        row: As for :func:`clean_behaviours`.
        known: Ids of the catalogue's items.
        scale: A value outside of it is refused.
        default_kind: Kind of a row that has none.
        latest: See :func:`latest_time`.

    Raises:
        RowError: If it cannot.
    """
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
    if len(user) > LONGEST_ID or len(given) > LONGEST_ID:
        raise RowError(DropReason.LONG_ID)
    return Behaviour(given or behaviour_id(user, item, kind, moment, value), user, item, kind, moment, value)


def _kind(text: str, default: BehaviourKind | None) -> BehaviourKind:
    name = text.strip().lower()
    if not name and default is not None:
        return default
    kind = _KINDS.get(name)
    if kind is None:
        raise RowError(DropReason.UNKNOWN_KIND)
    return kind


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
