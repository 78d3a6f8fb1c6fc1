"""What ``explainer pregenerate`` does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import rich_click as click
from rich.markup import escape
from rich.table import Table

from explainer.assembly import make_explainer, make_firewall, make_helping_explainer, make_writer
from explainer.cli.common import console, database_session, errors, stages, write_json
from explainer.judging import judge_catalogue
from explainer.pipeline import Explainer
from explainer.service.pregenerate import Counts, Order, Summary
from explainer.service.pregenerate.local import Say, run_local
from explainer.service.pregenerate.on_ray import library, run_ray
from explainer.service.pregenerate.stages import Stages
from explainer.settings import Settings
from explainer.storage import dead_letters as letters
from explainer.storage.catalogue import everyone
from explainer.storage.database import Database
from explainer.writing.cues import CueTable
from explainer.writing.engines.absent import AbsentEngine
from explainer.writing.style import Style
from explainer.writing.writer import Writer

_MOST_PROCESSES = 8  # each holds the recommender once more
_MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for.

    Attributes:
        users: As on the command line; None for those of whom something failed before.
        k: Length of the list.
        style: Reader and language.
        runner: ``local`` or ``ray``.
        processes: How many prepare and store; None for what suits the machine.
        price: Of an hour of one core.
    """

    users: str | None
    k: int
    style: Style
    runner: str = "local"
    processes: int | None = None
    price: float | None = None


def run(settings: Settings, job: Job, out: Path | None = None) -> Summary:
    """Write what is asked for, print what came of it, and return that.

    Raises:
        ExplainerError: If it cannot go on; what was stored is kept.
    """
    with database_session(settings) as session:
        users = letters.users_with_failures(session, job.style) if job.users is None else None
        chosen = users if users is not None else named(str(job.users), lambda: everyone(session))
    with console.status("Loading models …"):
        parts = Parts.load(settings, job)
    with stages() as say:
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


@dataclass(frozen=True, slots=True)
class Parts:
    """What does the work.

    Attributes:
        order: What is to be written for every user.
        make: Makes the stages in another process.
        make_writer: Makes the writer in another process.
        explainer: The pipeline with the engine; None where Ray has all of it.
    """

    order: Order
    make: Callable[[], Stages]
    make_writer: Callable[[], Writer]
    explainer: Explainer | None

    @classmethod
    def load(cls, settings: Settings, job: Job) -> Parts:
        """Return the parts for a job.

        Raises:
            ExplainerError: If one is missing.
        """
        order = Order(job.k, job.style)
        if job.runner == "local":
            explainer = make_explainer(settings)
            writer = explainer.writer
        else:
            library()
            explainer, writer = None, make_writer(settings)  # only to know what it is; the one on Ray is another
            judge_catalogue(Database(settings.url), make_firewall(settings))
        absent = None if writer.engine is None else AbsentEngine.of(writer.engine)
        make = partial(_stages, settings, absent, writer.cues, order)
        return cls(order, make, partial(make_writer, settings), explainer)


def pregenerated(parts: Parts, job: Job, users: Sequence[str], say: Say) -> tuple[Summary, Counts]:
    """Write the explanations of these users; return what came of it."""
    processes = job.processes or min(os.cpu_count() or 1, _MOST_PROCESSES)
    begun, cpu_s = time.perf_counter(), 0.0
    if parts.explainer is None:
        counts = run_ray(parts.make, parts.make_writer, job.style, users, say, processes)
    else:
        workers = None if processes == 1 else (processes, parts.make)
        counts, cpu_s = run_local(parts.explainer, parts.order, users, say, workers)
    return counts.summary(time.perf_counter() - begun, cpu_s, job.price), counts


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


def _stages(settings: Settings, engine: AbsentEngine | None, cues: CueTable, order: Order) -> Stages:
    return Stages(make_helping_explainer(settings, engine, cues), order)


def _table(found: Summary) -> Table:
    table = Table(title=f"{found.users} users, {found.pairs} explanations")
    table.add_column("measure")
    table.add_column("value", justify="right")
    rows = {
        "stored now": str(found.stored),
        "were there, and still hold": str(found.unchanged),
        "failed": str(found.failed),
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
