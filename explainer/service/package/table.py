"""The records as a table: one row an explanation, flat, for whoever counts; made from the lines, never held whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from polars.io.plugins import register_io_source

from explainer.service.audit_records import AuditRecord

ROWS = 2_000
"""How many rows are in memory, and in a group of the file."""
_MOMENT = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class _Column:
    kind: pl.DataType | type[pl.DataType]
    about: str
    value: Callable[[AuditRecord], Any]


def _told(name: str, kind: pl.DataType | type[pl.DataType], about: str, key: str = "") -> tuple[str, _Column]:
    return name, _Column(kind, about, lambda record: record.explanation[key or name])


def _cited(name: str, kind: type[pl.DataType], about: str, key: str) -> tuple[str, _Column]:
    return name, _Column(pl.List(kind), about, lambda record: [cited[key] for cited in record.evidence])


def _said(kind: str) -> tuple[str, _Column]:
    about = f"How often somebody said that it is {kind}."
    return kind, _Column(pl.Int64, about, lambda record: Counter(one["kind"] for one in record.feedback)[kind])


def _last_text(record: AuditRecord) -> str:
    newest: str = max(record.revisions, key=lambda one: one["number"], default=record.explanation)["text"]
    return newest


COLUMNS: dict[str, _Column] = dict([
    _told("id", pl.String, "Id of the explanation."),
    ("created_at", _Column(_MOMENT, "When it was made, UTC.", lambda r: _moment(r.explanation["created_at"]))),
    _told("user", pl.String, "Whose; personal.", "user_id"),
    _told("item", pl.String, "Id of what was recommended.", "item_id"),
    _told("title", pl.String, "Its title."),
    _told("text", pl.String, "The text as it was first shown."),
    ("last_text", _Column(pl.String, "The text as it was last: the newest later one, if any.", _last_text)),
    _told("source", pl.String, "Who wrote the first text: model or template."),
    _told("locale", pl.String, "Its language."),
    _told("audience", pl.String, "Its reader: customer, support or auditor."),
    _told("rank", pl.Int64, "Place in the list, from 1."),
    _told("score", pl.Float64, "The recommender's score."),
    _told("base_score", pl.Float64, "The score without any behaviour."),
    _told("method", pl.String, "How the behaviours' parts were computed."),
    _cited("cited_behaviours", pl.String, "Ids of the behaviours that the text rests on, by slot.", "behaviour_id"),
    _cited("cited_titles", pl.String, "Titles of their items.", "title"),
    _cited("cited_shares", pl.Float64, "Their shares of the score's rise.", "share"),
    ("causal", _Column(pl.Boolean, "Whether the deletion test lets it say because; null without one.",
                       lambda r: (r.explanation["verdict"] or {}).get("causal"))),
    ("gate_failures", _Column(pl.List(pl.String), "What the gate held against drafts that were not used.",
                              lambda r: [str(one) for one in r.explanation["gate_failures"]])),
    _told("recommender_version", pl.String, "Hash of the recommender."),
    _told("writer_version", pl.String, "Hash of model and adapter."),
    _told("prompt_version", pl.String, "Hash of the templates."),
    _told("prompt_hash", pl.String, "Hash of the canonical prompt."),
    ("later_texts", _Column(pl.Int64, "How many texts came after the first.", lambda r: len(r.revisions))),
    _said("wrong"),
    _said("offensive"),
    _said("helpful"),
    ("review", _Column(pl.String, "A reviewer's verdict; null where nobody judged.",
                       lambda r: None if r.review is None else r.review["verdict"])),
    ("suppressed", _Column(pl.Boolean, "Whether nobody is shown it any more.", lambda r: r.suppression is not None)),
    ("views", _Column(pl.Int64, "How often staff looked at this record.", lambda r: len(r.views))),
    ("entry", _Column(pl.Int64, "Number of the log's entry about its making; null if there is none.",
                      lambda r: next((e.seq for e in r.entries if e.event == "explanation.created"), None))),
])  # fmt: skip
_KINDS: dict[Any, tuple[type, ...]] = {
    pl.String: (str,),
    pl.Boolean: (bool,),
    pl.Int64: (),
    pl.Float64: (float, int),
    _MOMENT: (datetime,),
}
_MOST = 2**63
SCHEMA = pl.Schema({name: column.kind for name, column in COLUMNS.items()})
MEANINGS = {name: column.about for name, column in COLUMNS.items()}


def row_of(record: AuditRecord) -> dict[str, Any]:
    """Return a record's row, by column."""
    return {name: _plain(column.kind, _value(column, record)) for name, column in COLUMNS.items()}


def frames(records: Iterable[AuditRecord]) -> Iterator[pl.DataFrame]:
    """Yield the table of records, some thousand rows at a time."""
    left = iter(records)
    while some := [row_of(record) for record in islice(left, ROWS)]:
        yield pl.DataFrame(some, schema=SCHEMA)


def write_table(path: Path, records: Callable[[], Iterable[AuditRecord]]) -> None:
    """Write the table as Parquet, a group of rows at a time.

    Args:
        path: Where.
        records: Returns them anew each time.

    Raises:
        OSError: If it cannot be written.
    """

    def source(_: object, __: object, ___: object, ____: object) -> Iterator[pl.DataFrame]:
        yield from frames(records())

    register_io_source(source, schema=SCHEMA).sink_parquet(path, row_group_size=ROWS, maintain_order=True)


def _value(column: _Column, record: AuditRecord) -> Any:  # noqa: ANN401  as a column holds it
    """Return a column's value; None where the record has not its form: that it was forged, its digest tells."""
    try:
        return column.value(record)
    except (AttributeError, TypeError, KeyError, ValueError):
        return None


def _plain(kind: Any, value: Any) -> Any:  # noqa: ANN401  as a column holds it
    """Return a value if it is of a column's kind, else None: what somebody forged in the database has any."""
    if isinstance(kind, pl.List):
        return [_plain(kind.inner, one) for one in value] if isinstance(value, list) else None
    if isinstance(value, bool) is not (kind == pl.Boolean):
        return None
    if kind == pl.Int64 and isinstance(value, int):
        return value if abs(value) < _MOST else None
    return value if isinstance(value, _KINDS[kind]) else None


def _moment(told: Any) -> datetime:  # noqa: ANN401  as JSON has it, or as the database
    return msgspec.convert(told, datetime)
