"""What ``explainer subject`` and ``explainer retention`` do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import rich_click as click
from rich.markup import escape
from rich.table import Table

from explainer.cli.common import console, database_session, people_database, progress_bar, write_json
from explainer.errors import ErasureError
from explainer.operator import operator
from explainer.service.retention import apply, ends, overdue
from explainer.service.subject.erase import Erasing
from explainer.service.subject.erase import erase as erase_user
from explainer.service.subject.export import archive, note_export
from explainer.service.subject.reapply import reapply
from explainer.service.subject.shared import adopt_key, missing_lines, relist
from explainer.settings import Settings
from explainer.storage.database import Database
from explainer.storage.erasing import held_counts


def export(settings: Settings, user: str, out: Path) -> None:
    """Write everything about a user to a file.

    Raises:
        ErasureError: If the file cannot be written.
    """
    database = people_database(settings)
    with database.session() as session:
        note_export(session, user, operator())
    try:
        with out.open("wb") as file:
            out.chmod(0o600)
            file.writelines(archive(database, user))
    except OSError as error:
        raise ErasureError(f"{out} cannot be written: {error.strerror}") from error
    console.print(f"Wrote {escape(str(out))}", highlight=False)


def erase(settings: Settings, user: str, out: Path | None, *, dry_run: bool, sure: bool) -> None:
    """Show what is held about a user, and remove it once that is confirmed."""
    with database_session(settings) as session:
        held = held_counts(session, user)
    console.print(_table("Held about this user", held))
    if dry_run:
        return
    if not sure:
        click.confirm("Remove all of it, for good?", abort=True)
    receipt = erase_user(Database(settings.url), Erasing.of(settings), user, operator())
    console.print(f"Erased in {receipt.seconds:.2f} s; audit entry {receipt.proof.seq}.", highlight=False)
    if receipt.refit:
        console.print(f"Recommenders fitted with this user, too: {len(receipt.refit)}; fit again: explainer fit")
    for one in receipt.corpora or []:
        console.print(f"Training set with lines of this user: sha256 {one.sha256}; see: explainer reviews exported")
    for version in receipt.adapters or []:
        console.print(f"Adapter trained with such lines: {version[:12]}; train it again: explainer tune")
    if receipt.cleared is False:
        console.print("The database's write-ahead log and backups hold it until they are recycled.", style="yellow")
    if out is not None:
        write_json(out, receipt)


def again(settings: Settings) -> None:
    """Carry out what the erasure list has and the database has not."""
    with database_session(settings):
        pass
    receipts = reapply(Database(settings.url), Erasing.of(settings))
    rows = sum(sum(receipt.counts.values()) for receipt in receipts)
    console.print(f"{len(receipts)} erasures were missing here and were carried out again: {rows:,} rows.")


def list_again(settings: Settings, *, sure: bool) -> None:
    """Write lines of a lost erasure list anew, once that is confirmed."""
    erasing = Erasing.of(settings)
    with database_session(settings) as session:
        missing = missing_lines(session, erasing.list)
    console.print(f"{len(missing)} erasures of the database are not on the list {escape(str(erasing.list.path))}.")
    if not missing:
        return
    for line in missing:
        console.print(f"{escape(line.id)}, asked for on {line.at:%Y-%m-%d %H:%M} UTC", highlight=False)
    if not sure:
        console.print("An erasure that nobody asked for was made up by whoever removed these records: it has no line.")
        click.confirm("Were they asked for, and is the list lost? Then write them anew", abort=True)
    console.print(f"Wrote {relist(Database(settings.url), erasing.list, operator())} lines.")


def adopt(settings: Settings, *, sure: bool) -> None:
    """Use the erasure key here from now on, once that is confirmed."""
    with database_session(settings):
        pass
    if not sure:
        console.print("Whoever was erased with the lost key will not be recognised in a load or a restored backup.")
        click.confirm("Use the key here from now on?", abort=True)
    changed = adopt_key(Database(settings.url), Erasing.of(settings).list, operator())
    console.print("All hosts need this key now." if changed else "It is the one in use already.")


def retain(settings: Settings, *, dry_run: bool, sure: bool) -> None:
    """Show what has had its time, and remove it once that is confirmed."""
    with database_session(settings):
        pass
    database, limits = Database(settings.url), ends(settings)
    due = overdue(database, limits)
    rows = sum(sum(tables.values()) for tables in due.values())
    console.print(_table("Has had its time", _by_table(due)))
    if dry_run or not rows:
        return
    if not sure:
        click.confirm("Remove all of it, for good?", abort=True)
    gone = 0
    with progress_bar("Removing", rows) as progress:

        def advance(_: str, number: int) -> None:
            nonlocal gone
            gone += number
            progress(gone, rows)

        done = apply(database, limits, advance, Erasing.of(settings))
    console.print(_table("Removed or emptied", done))


def _by_table(due: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return what goes, named by kind and, where that says more, the table."""
    named = ((kind, table, number) for kind, tables in due.items() for table, number in tables.items())
    return {kind if kind == table else f"{kind}: {table}": number for kind, table, number in named}


def _table(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(title=title)
    table.add_column("What")
    table.add_column("Rows", justify="right")
    for name, number in counts.items():
        table.add_row(name, f"{number:,}")
    return table
