"""Explanations on a terminal and in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from rich.markup import escape
from rich.table import Table

from explainer.errors import ExplainerError
from explainer.picture import draw, waterfall_of
from explainer.storage.explanation_tables import ExplanationRow
from explainer.view import explanation_view


def explanations_table(rows: Sequence[ExplanationRow]) -> Table:
    """Return a table: user, film, sentence, where the sentence came from."""
    table = Table(show_lines=True, expand=True)
    table.add_column("User", no_wrap=True)
    table.add_column("Recommended", ratio=2)
    table.add_column("Because", ratio=5)
    table.add_column("Text by", no_wrap=True)
    for row in rows:
        table.add_row(escape(row.user_id), escape(row.title), escape(row.text), row.source)
    return table


def write_json(path: Path, rows: Sequence[ExplanationRow]) -> None:
    """Write the stored explanations as a JSON list.

    Raises:
        ExplainerError: If the file cannot be written.
    """
    encoded = msgspec.json.encode([explanation_view(row) for row in rows])
    _write(path, msgspec.json.format(encoded, indent=2) + b"\n")


def write_pictures(path: Path, rows: Sequence[ExplanationRow], titles: Mapping[str, str]) -> list[Path]:
    """Write the waterfall of each explanation; several get numbered files: ``out-1.svg``, ``out-2.svg``.

    Args:
        path: The file, or what the numbered files are named after.
        rows: The explanations, all of one user.
        titles: Behaviour id → title of its item.

    Returns:
        The files written.

    Raises:
        ExplainerError: If a file cannot be written.
        PictureError: If a stored number is not finite.
    """
    suffix = path.suffix or ".svg"
    files = [path] if len(rows) == 1 else [path.with_name(f"{path.stem}-{n}{suffix}") for n in range(1, len(rows) + 1)]
    for file, row in zip(files, rows, strict=True):
        _write(file, draw(waterfall_of(row, titles)).encode())
    return files


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ExplainerError(f"{path} cannot be written: {error.strerror}") from error
