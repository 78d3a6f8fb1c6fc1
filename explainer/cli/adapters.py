"""Adapters on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from explainer.cli.common import console, database_session, write_json
from explainer.loading import make_adapters
from explainer.registry.diff import visible
from explainer.settings import Settings
from explainer.storage.adapters import Label
from explainer.storage.corpora import erased_lines
from explainer.storage.lookup import SHOWN
from explainer.storage.staff import Names, names_of
from explainer.storage.version_tables import AdapterRow, RegistryChangeRow
from explainer.writing.slots import display_title

_SOON = "A running service takes it up within a minute; its admin page shows which processes have."


def show_all(settings: Settings, out: Path | None) -> None:
    """Print all adapters and which one writes."""
    rows = make_adapters(settings).all()
    if rows:
        console.print(_table(rows))
    _say(_who_writes(settings, rows))
    _warn_of_erased(settings, rows)
    if out is not None:
        write_json(out, [_as_dict(row) for row in rows])


def show(settings: Settings, version: str, out: Path | None) -> None:
    """Print one adapter: where it stands, its card, its history."""
    registry = make_adapters(settings)
    row = registry.get(version)
    history = [change for change in registry.history(row.locale) if change.version == row.version]
    for name, value in _as_dict(row).items():
        if name != "card":
            _say(f"{name}: {value}")
    card = msgspec.json.format(msgspec.json.encode(row.card), indent=2).decode()
    console.print(Text(visible(card)))
    with database_session(settings) as session:
        names = names_of(session, [change.by for change in history])
    lines = [_line(change, names) for change in history]
    for line in lines:
        _say(line)
    if out is not None:
        write_json(out, _as_dict(row) | {"history": lines})


def add(settings: Settings, folder: Path, name: str | None, locale: str) -> None:
    """Register an adapter and say how to use it."""
    row, new = make_adapters(settings).add(folder, name, locale)
    if not new:
        _say(f"Adapter {row.version[:SHOWN]} is registered already, as {row.label}; nothing changed.")
        return
    _say(
        f"Registered {row.version[:SHOWN]} ({row.name}) as {row.label}. To use it: explainer adapters promote "
        f"{row.version[:SHOWN]}"
    )


def promote(settings: Settings, version: str) -> None:
    """Promote an adapter."""
    row = make_adapters(settings).promote(version)
    _say(f"In production for {row.locale}: {row.version[:SHOWN]} ({row.name}). {_SOON}")
    _warn_of_override(settings)


def rollback(settings: Settings, locale: str) -> None:
    """Undo the last promotion."""
    row = make_adapters(settings).rollback(locale)
    now = "the adapter that ships with the package" if row is None else f"{row.version[:SHOWN]} ({row.name})"
    _say(f"In production for {locale} again: {now}. {_SOON}")
    _warn_of_override(settings)


def retire(settings: Settings, version: str) -> None:
    """Retire a candidate."""
    row = make_adapters(settings).retire(version)
    _say(f"Retired {row.version[:SHOWN]} ({row.name}).")


def _who_writes(settings: Settings, rows: list[AdapterRow]) -> str:
    if settings.engine == "none":
        return "No adapter writes: EXPLAINER_ENGINE is none."
    if settings.adapter is not None:
        return f"EXPLAINER_ADAPTER writes, whatever is in production: {settings.adapter}"
    live = [row for row in rows if row.label == Label.PRODUCTION and row.locale == "en"]
    return f"{live[0].version[:SHOWN]} writes." if live else "The adapter that ships with the package writes."


def _warn_of_override(settings: Settings) -> None:
    if settings.adapter is not None:
        _say(f"But EXPLAINER_ADAPTER is set and goes before it: {settings.adapter}")


def _warn_of_erased(settings: Settings, rows: list[AdapterRow]) -> None:
    with database_session(settings) as session:
        erased = erased_lines(session)
    for row in rows:
        if number := len(erased.intersection(row.card.get("reviewed", ()))):
            _say(
                f"{row.version[:SHOWN]} was trained with {number} lines made of explanations of people who were erased "
                "since; train again: explainer reviews export, explainer tune"
            )


def _table(rows: list[AdapterRow]) -> Table:
    table = Table(expand=True)
    for column in ("Version", "Label", "Locale", "Made", "Passes at once"):
        table.add_column(column, no_wrap=True)
    table.add_column("Name", ratio=1)
    for row in rows:
        style = "bold" if row.label == Label.PRODUCTION else "dim" if row.label == Label.RETIRED else ""
        cells = (row.version[:SHOWN], row.label, row.locale, row.card.get("date", ""), _first_try(row.card), row.name)
        table.add_row(*(escape(display_title(str(cell))) for cell in cells), style=style)
    return table


def _first_try(card: Mapping[str, Any]) -> str:
    """Return the share of first drafts that passed the gate in training, if the card says it."""
    gate = card.get("gate")
    share = gate.get("first_try") if isinstance(gate, dict) else None
    return f"{share:.0%}" if isinstance(share, int | float) else "–"


def _as_dict(row: AdapterRow) -> dict[str, Any]:
    return {
        "version": row.version,
        "name": row.name,
        "locale": row.locale,
        "label": row.label,
        "folder": row.folder,
        "base_hash": row.base_hash,
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "changed_at": row.changed_at.isoformat(timespec="seconds"),
        "card": row.card,
    }


def _line(change: RegistryChangeRow, names: Names) -> str:
    by = "" if change.by is None else f" by {names[change.by]}"
    return f"{change.at.isoformat(timespec='seconds')} {change.action.replace('_', ' ')}{by}"


def _say(text: str) -> None:
    console.print(Text(visible(text)), highlight=False, soft_wrap=True)
