"""``explainer people``."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from explainer.access import Role
from explainer.access.people import add_person, disable, list_people, set_password
from explainer.cli.common import console, current_database, database_session
from explainer.service.staff import let_go
from explainer.settings import Settings
from explainer.storage.base import now
from explainer.storage.staff import list_staff


def add(settings: Settings, name: str, role: str, password: str) -> None:
    """Let somebody sign in."""
    with database_session(settings) as session:
        add_person(session, name, Role(role), password)
    console.print(f"{escape(name)} can sign in, as {role}.", highlight=False)


def renew(settings: Settings, name: str, password: str) -> None:
    """Give somebody a new password."""
    with database_session(settings) as session:
        set_password(session, name, password)
    console.print(f"{escape(name)} has a new password.", highlight=False)


def shut_out(settings: Settings, name: str) -> None:
    """Let somebody in no more."""
    with database_session(settings) as session:
        disable(session, name)
    console.print(f"{escape(name)} is signed out and cannot sign in any more.", highlight=False)


def remove(settings: Settings, name: str) -> None:
    """Remove somebody, and say where their name still stands."""
    named = let_go(current_database(settings), name)
    console.print(
        f"{escape(name)} is removed; which entries of the log are about them, nobody can tell now.", highlight=False
    )
    if named:
        where = ", ".join(f"{table}: {n:,}" for table, n in named.items())
        console.print(
            f"The name still stands where no id stood in its place yet ({where}): these records prove themselves with "
            "it. Looks end with EXPLAINER_KEEP_VIEWS, the rest with what it is about.",
            style="yellow",
            highlight=False,
        )


def show(settings: Settings) -> None:
    """Print a table of people, and of whoever else is on record for something."""
    table = Table()
    for column in ("name", "role", "state", "on record as"):
        table.add_column(column, overflow="fold")
    with database_session(settings) as session:
        ids = {row.name: row.id for row in list_staff(session)}
        for row in list_people(session):
            pauses = row.locked_until is not None and row.locked_until > now()
            state = "disabled" if row.disabled else "pausing after wrong passwords" if pauses else ""
            table.add_row(escape(row.name), row.role, state, ids.pop(row.name, ""))
        for name, held in ids.items():
            table.add_row(escape(name), "", "a key, or at the command line", held)
    console.print(table)
