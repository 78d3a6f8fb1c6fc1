"""What ``explainer pregenerate`` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import rich_click as click
from rich.markup import escape
from rich.table import Table

from explainer.cli.common import console, database_session, errors, people_database, stages, write_json
from explainer.connecting import using_database
from explainer.pregeneration import Job, Parts, pregenerated
from explainer.service.pregenerate import Summary
from explainer.service.signing import signing
from explainer.settings import Settings
from explainer.storage import dead_letters as letters
from explainer.storage.catalogue import everyone

_MOST_LISTED = 1000


def run(settings: Settings, users: str | None, job: Job, out: Path | None = None) -> Summary:
    """Write what is asked for, print what came of it, and return that.

    Args:
        settings: Where, and with what.
        users: As on the command line; None for those of whom something failed before.
        job: What.
        out: The JSON file.

    Raises:
        ExplainerError: If it cannot go on; what was stored is kept.
    """
    with people_database(settings).session() as session:
        failed = letters.users_with_failures
        chosen = failed(session, job.style) if users is None else named(users, lambda: everyone(session))
    with console.status("Loading models …"):
        parts = Parts.load(settings, job)
    with _signing(settings), stages() as say:
        summary, counts = pregenerated(parts, job, chosen, say)
    console.print(_table(summary))
    for one in counts.failed:
        what = f"{one.user} {one.item}".strip()
        errors.print(f"[red]Not written[/red] ({one.stage}): {escape(what)}: {escape(one.reason)}", highlight=False)
    if summary.failed:
        errors.print("All of them: explainer pregenerate --dead-letters; once more: --retry", highlight=False)
    if out is not None:
        write_json(out, summary)
    return summary


@contextmanager
def _signing(settings: Settings) -> Iterator[None]:
    """Sign the audit log meanwhile, where this machine has the service's key; a command makes none."""
    if not settings.signing_key.exists():
        yield
        return
    with using_database(settings) as database, signing(settings, database):
        yield


def named(users: str, all_of_them: Callable[[], list[str]]) -> list[str]:
    """Return the users that the command line names, each once.

    Raises:
        BadParameter: If it names none, or a file that cannot be read.
    """
    if users == "all":
        return all_of_them()
    try:
        lines = Path(users[1:]).read_text(encoding="utf-8").splitlines() if users.startswith("@") else users.split(",")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{users[1:]} cannot be read: {error}", param_hint="--users") from error
    found = list(dict.fromkeys(filter(None, map(str.strip, lines))))
    if not found or any("\x00" in user for user in found):
        raise click.BadParameter("It names no users, or has a NUL in it.", param_hint="--users")
    return found


def dead_letters(settings: Settings) -> None:
    """Print what could not be written, the newest first."""
    with database_session(settings) as session:
        rows = letters.dead_letters(session, _MOST_LISTED)
    if not rows:
        console.print("Nothing failed.")
        return
    table = Table("when", "user", "item", "for", "step", "tries", "reason")
    for row in rows:
        who = f"{row.locale} {row.audience}"
        cells: Iterable[str] = (
            row.user_id,
            row.item_id or "the whole list",
            who,
            row.stage,
            str(row.tries),
            row.reason,
        )
        table.add_row(f"{row.at:%Y-%m-%d %H:%M}", *map(escape, cells))
    console.print(table)


def _table(found: Summary) -> Table:
    table = Table(title=f"{found.users} users, {found.pairs} explanations")
    table.add_column("measure")
    table.add_column("value", justify="right")
    rows = {
        "stored now": str(found.stored),
        "were there, and still hold": str(found.unchanged),
        "failed": str(found.failed),
        "users of whom nothing is known": str(found.unknown),
        "distinct prompts": str(found.prompts),
        "texts to each prompt": f"{found.dedup_ratio:.2f}",
        "written by the model": _share(found.by_model, found.stored),
        "written by templates": _share(found.by_template, found.stored),
        "seconds": f"{found.seconds:.1f}",
        "stored in a second": f"{found.per_s:.1f}",
        "CPU seconds for 1,000": f"{found.cpu_s_per_1000:.1f}",
    }
    if found.price_per_1000 is not None:
        rows["price of 1,000"] = f"{found.price_per_1000:.4f}"
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.0%})" if whole else "0"
