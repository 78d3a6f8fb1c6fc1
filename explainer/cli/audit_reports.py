"""What the commands for auditors print."""

from __future__ import annotations

import msgspec
from rich.markup import escape
from rich.table import Table

from explainer.assembly import make_explainer
from explainer.audit.check import LogCheck, check_log
from explainer.cli.common import console, database_session, progress_bar
from explainer.cli.looks import operating
from explainer.service.audited import KEPT
from explainer.service.comparison import Outcome
from explainer.service.replay import Replay
from explainer.service.replay import replay as replayed
from explainer.service.subject.erase import Erasing
from explainer.service.whole import note_record
from explainer.settings import Settings
from explainer.storage.explanations import get_explanation
from explainer.storage.lookup import SHOWN

_LONGEST = 200
_COLOURS = {Outcome.EXACT: "green", Outcome.EQUIVALENT: "yellow", Outcome.DIFFERENT: "red"}


def check(settings: Settings) -> bool:
    """Check the audit log, print what was found and return whether all is well."""
    with database_session(settings) as session, progress_bar("Checking the audit log") as progress:
        found = check_log(session, KEPT, progress, lambda: Erasing.of(settings, make=False))
    console.print(_totals(found))
    if found.findings:
        console.print(_findings(found))
    if found.sound:
        console.print(f"The log is whole: {found.entries:,} entries up to number {found.last:,}.", style="green")
    else:
        console.print("Something is wrong with the log or the records.", style="red")
    return found.sound


def replay(settings: Settings, explanation_id: str) -> None:
    """Replay an explanation and print what came of it."""
    with console.status("Loading models …"):
        # No text is written, so no language model has to be loaded.
        explainer = make_explainer(settings.model_copy(update={"engine": "none"}))
    with console.status("Computing …"):
        found = replayed(explainer, explanation_id)
    with explainer.database.session() as session:
        row = get_explanation(session, explanation_id)
        note_record(session, operating(), row, "replay", explainer.firewall.words)
    console.print(f"Replay: [bold {_COLOURS[found.outcome]}]{found.outcome.value}[/]", highlight=False)
    console.print(_versions(found))
    if found.differences:
        console.print(_differences(found))
    for note in (*found.notes, found.tolerance):
        console.print(escape(note), style="dim", highlight=False)


def _totals(found: LogCheck) -> Table:
    table = Table(title="Audit log", show_header=False)
    table.add_column("What")
    table.add_column("How many", justify="right")
    for what, number in {
        "Entries": found.entries,
        "Explanations": found.explanations,
        "Explanations without entry": found.explanations_without_entry,
        "Other records without entry": found.records_without_entry,
        "Entries whose record is gone": found.records_gone,
        "Records that are not what they were": found.digests_wrong,
        "Entries whose record was erased": found.erased,
        "Erased records that are there all the same": found.erased_but_there,
        "Erasures that are not on the list outside": found.erasures_unlisted,
        "Retentions without a seal of the key outside": found.retentions_unsealed,
        "Gaps": found.gaps,
        "Entries about what is not kept": sum(found.unchecked.values()),
    }.items():
        table.add_row(what, f"{number:,}")
    return table


def _findings(found: LogCheck) -> Table:
    table = Table(title=f"The first {len(found.findings)} findings")
    for name in ("Wrong", "Entry", "Event"):
        table.add_column(name, overflow="fold")
    table.add_column("Record", no_wrap=True)  # to be copied whole
    for one in found.findings:
        seq = "" if one.seq is None else f"after {one.seq}" if not one.record_id else str(one.seq)
        table.add_row(one.what.value, seq, escape(one.event), escape(one.record_id))
    return table


def _versions(found: Replay) -> Table:
    table = Table(title="Versions")
    for name in ("What", "Stored", "In use"):
        table.add_column(name)
    for one in found.versions:
        in_use = "the same" if one.same else one.now[:SHOWN]
        table.add_row(one.what, one.stored[:SHOWN], in_use + ("" if one.needed or one.same else " (not needed)"))
    return table


def _differences(found: Replay) -> Table:
    table = Table(title="Differences", show_lines=True)
    for name in ("What", "Stored", "Now", ""):
        table.add_column(name, overflow="fold")
    for one in found.differences:
        table.add_row(escape(one.what), _short(one.stored), _short(one.now), one.outcome.value)
    return table


def _short(value: object) -> str:
    written = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return escape(written if len(written) <= _LONGEST else f"{written[:_LONGEST]}…")
