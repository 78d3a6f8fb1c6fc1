"""Tables on disk as rows of text fields: CSV, TSV, JSONL and Parquet behind one function."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from retriever.data.cleaning import Row
from retriever.errors import DataError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


def read_table(
    path: Path,
    columns: Mapping[str, str],
    required: frozenset[str],
    *,
    quoted: bool = True,
    header: Sequence[str] = (),
) -> Iterator[Row]:
    """Yield the table's rows with their fields under our names.

    Args:
        path: A file ending in one of :data:`SUFFIXES` (any other ending is read as TSV, e.g. RecBole's ``.inter``).
        columns: Our field name → the table's column name.
        required: Our field names whose column must exist.
        quoted: Whether double quotes in CSV and TSV enclose fields.
        header: Column names of a CSV or TSV without a header line; by default its first line has them.

    Raises:
        DataError: If the file is missing, empty, unreadable, or lacks a required column.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist.")
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty: it needs the columns {_names(columns, required)}.")
    reader = {".jsonl": _jsonl, ".parquet": _parquet}.get(path.suffix)
    delimiter = "," if path.suffix == ".csv" else "\t"
    rows = reader(path) if reader else _separated(path, delimiter, header, quoted=quoted)
    yield from _renamed(path, rows, columns, required)


def _renamed(
    path: Path,
    rows: Iterator[tuple[int, Mapping[str, str] | None]],
    columns: Mapping[str, str],
    required: frozenset[str],
) -> Iterator[Row]:
    checked = False
    pairs, name = list(columns.items()), path.name
    for number, row in rows:
        if row is not None and not checked:
            _require(path, row, columns, required)
            checked = True
        fields = None if row is None else {ours: row[theirs] for ours, theirs in pairs if theirs in row}
        yield Row(f"{name}:{number}", fields)
    if not checked:
        raise DataError(f"{path} has no usable rows: it needs the columns {_names(columns, required)}.")


def _require(path: Path, row: Mapping[str, str], columns: Mapping[str, str], required: frozenset[str]) -> None:
    for name in sorted(required):
        if columns[name] not in row:
            raise DataError(f"{path} has no column {columns[name]!r} (our {name!r}); it has: {', '.join(row)}.")


def _names(columns: Mapping[str, str], required: frozenset[str]) -> str:
    return ", ".join(repr(columns[name]) for name in sorted(required))


def _separated(
    path: Path, delimiter: str, header: Sequence[str], *, quoted: bool
) -> Iterator[tuple[int, Mapping[str, str] | None]]:
    # surrogateescape keeps bytes that are not UTF-8 recognisable, so the cleaning can count their rows.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
        header = header or next(reader, [])
        width = len(header)
        try:
            for cells in reader:
                if cells:
                    yield reader.line_num, dict(zip(header, cells, strict=True)) if len(cells) == width else None
        except csv.Error as error:
            raise DataError(f"{path}, line {reader.line_num}: {error}.") from error


def _jsonl(path: Path) -> Iterator[tuple[int, Mapping[str, str] | None]]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                row = None
            yield number, {key: _text(value) for key, value in row.items()} if isinstance(row, dict) else None


def _parquet(path: Path) -> Iterator[tuple[int, Mapping[str, str] | None]]:
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path} is not a readable Parquet file: {error}.") from error
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        yield number, {key: _text(value) for key, value in row.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    return "|".join(map(str, value)) if isinstance(value, list) else str(value)
