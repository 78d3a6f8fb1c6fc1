"""``explainer key``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from rich.markup import escape
from rich.table import Table

from explainer.access import BY_NAME, Role
from explainer.access.keys import create_key, list_keys, revoke_key, rotate_key
from explainer.cli.common import console, database_session
from explainer.settings import Settings
from explainer.storage.base import now


def create(settings: Settings, name: str, role: str, scopes: Sequence[str], days: int | None) -> None:
    """Make a key and print it."""
    lifetime = None if days is None else timedelta(days=days)
    with database_session(settings) as session:
        made = create_key(session, name, Role(role), scopes=scopes or None, lifetime=lifetime)
    console.print(made, highlight=False, soft_wrap=True)


def rotate(settings: Settings, name: str, overlap_hours: float) -> None:
    """Make a key in place of another and print it."""
    with database_session(settings) as session:
        made = rotate_key(session, name, timedelta(hours=overlap_hours))
    console.print(made, highlight=False, soft_wrap=True)


def revoke(settings: Settings, name: str) -> None:
    """Let keys stop working."""
    with database_session(settings) as session:
        revoke_key(session, name)
    console.print(f"The keys named {escape(repr(name))} have stopped working.", highlight=False)


def show(settings: Settings) -> None:
    """Print a table of the keys."""
    table = Table()
    for column in ("name", "prefix", "role", "scopes", "ends"):
        table.add_column(column)
    with database_session(settings) as session:
        for row in list_keys(session):
            end = "–" if row.expires_at is None else f"{row.expires_at:%Y-%m-%d %H:%M} UTC"
            over = row.expires_at is not None and row.expires_at <= now()
            scopes = _all_of(Role(row.role)) if row.scopes is None else ", ".join(row.scopes)
            table.add_row(escape(row.name), row.prefix, row.role, scopes, f"{end}, over" if over else end)
    console.print(table)


def _all_of(role: Role) -> str:
    named = ", ".join(sorted(BY_NAME.get(role, ())))
    return f"all of the role but {named}" if named else "all of the role"
