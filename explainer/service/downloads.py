"""Explanations as files: JSON lines with everything, CSV for spreadsheets; never whole in memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from explainer.service.audit_records import audit_records
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from explainer.storage.listing import Search
from explainer.storage.walks import explanation_chunks

# OWASP, "CSV Injection": what a spreadsheet takes for the begin of a formula; full-width forms count for some.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_COLUMNS: dict[str, Callable[[ExplanationRow], object]] = {
    "id": lambda row: row.id,
    "created_at": lambda row: row.created_at.isoformat(),
    "user": lambda row: row.user_id,
    "item": lambda row: row.item_id,
    "title": lambda row: row.title,
    "text": lambda row: row.text,
    "source": lambda row: row.source,
    "locale": lambda row: row.locale,
    "audience": lambda row: row.audience,
    "rank": lambda row: row.rank,
    "score": lambda row: row.score,
    "base_score": lambda row: row.base_score,
    "method": lambda row: row.method,
    "cited_behaviours": lambda row: " ".join(str(cited.behaviour_id) for cited in row.evidence),
    "cited_titles": lambda row: "; ".join(cited.title for cited in row.evidence),
    "cited_shares": lambda row: " ".join(f"{cited.share:.6g}" for cited in row.evidence),
    "causal": lambda row: "" if row.verdict is None else row.verdict.get("causal", ""),
    "gate_failures": lambda row: "; ".join(map(str, row.gate_failures)),
    "recommender_version": lambda row: row.recommender_version,
    "writer_version": lambda row: row.writer_version,
    "prompt_version": lambda row: row.prompt_version,
    "prompt_hash": lambda row: row.prompt_hash,
}


def json_lines(database: Database, search: Search) -> Iterator[bytes]:
    """Yield one complete record a line, oldest first.

    Raises:
        SearchError: If the search makes no sense.
    """
    encoder = msgspec.json.Encoder()
    with database.session() as session:
        for rows in explanation_chunks(session, search):
            yield b"".join(encoder.encode(record) + b"\n" for record in audit_records(session, rows))


def csv_lines(database: Database, search: Search) -> Iterator[bytes]:
    """Yield the header (after a byte order mark, or spreadsheets guess the encoding), then one row per explanation.

    Raises:
        SearchError: If the search makes no sense.
    """
    yield b"\xef\xbb\xbf" + _line([*_COLUMNS])
    with database.session() as session:
        for rows in explanation_chunks(session, search):
            yield b"".join(_line([_cell(value(row)) for value in _COLUMNS.values()]) for row in rows)


def _line(cells: Sequence[object]) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(cells)
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> object:  # noqa: ANN401  whatever a column holds
    """Return a cell that is shown as what it is: words that would begin a formula get an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
