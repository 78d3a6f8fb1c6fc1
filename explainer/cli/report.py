"""Explanations on a terminal and in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.markup import escape
from rich.table import Table

from explainer.errors import ExplainerError
from explainer.storage.tables import ExplanationRow
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
    try:
        path.write_bytes(msgspec.json.format(encoded, indent=2) + b"\n")
    except OSError as error:
        raise ExplainerError(f"{path} cannot be written: {error.strerror}") from error
