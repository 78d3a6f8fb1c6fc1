"""What the commands for auditors do that make files: packages, checked elsewhere, and the monthly report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from rich.markup import escape

from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.keys import load_signer, load_verifier
from explainer.audit.verify import TamperError
from explainer.cli.audit_log import EXIT_CODES, UNSIGNED, UNVERIFIABLE, WHOLE
from explainer.cli.common import console, database_session, people_database
from explainer.cli.looks import operating
from explainer.errors import ExplainerError, SearchError
from explainer.server.audit_report import report_file, told_of
from explainer.service.month.calendar import Month
from explainer.service.month.report import monthly_report
from explainer.service.package.asked import Asked, require_asked
from explainer.service.package.check import Checked, check_package
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.manifest import Manifest
from explainer.service.package.opened import opened
from explainer.service.package.write import Packer, Wanted, write_package
from explainer.settings import Settings
from explainer.storage.base import now
from explainer.storage.listing import Search

PACKAGE_EXIT_CODES = {
    PackageFault.FILE: 16,
    PackageFault.RECORD: 17,
    PackageFault.SELECTION: 18,
    PackageFault.TABLE: 19,
    PackageFault.INCOMPLETE: 20,
    PackageFault.OTHER: 21,
}
"""What the command returns for each fault of a package; they do not change."""
_COLOURS = {"bad": "red", "warn": "yellow", "good": "green", "note": "default"}


def make_package(settings: Settings, wanted: Wanted, out: Path) -> None:
    """Write a package and say what is in it."""
    signer = load_signer(settings.signing_key)
    database = people_database(settings)
    packer = Packer(CheckpointFolder(settings.checkpoint_folder), signer, settings.scratch)
    with console.status("Packing …") as status:
        made = write_package(
            database, packer, wanted, operating(), out, lambda name: status.update(f"Writing {name} …")
        )
    of = "" if made.sample is None else f", drawn of {made.sample.found:,}"
    console.print(f"Wrote {escape(str(out))}: {made.explanations:,} explanations{of}; {made.log.size:,} log entries.")
    console.print(made.privacy, style="yellow")
    console.print(f"Its receiver runs: explainer audit package-check {escape(str(out))} --key KEY", highlight=False)
    console.print("and gets the KEY another way than the package: explainer audit key", style="dim")


def write_report(settings: Settings, out: Path, told: str | None, locale: str, *, verify: bool) -> None:
    """Write the report of a month as HTML, and say what to look at.

    Raises:
        SearchError: If that is no month.
        ExplainerError: If the file cannot be written.
    """
    month = Month.of(told) if told else Month.at(now()).before
    folder = CheckpointFolder(settings.checkpoint_folder)
    key = load_signer(settings.signing_key).verifier if verify else None
    with console.status("Counting …"), database_session(settings) as session:
        report = monthly_report(session, month, folder, key)
    try:
        out.write_text(report_file(report, locale), encoding="utf-8", errors="replace")
    except OSError as error:
        raise ExplainerError(f"{out} cannot be written: {error.strerror}") from error
    for one in told_of(report, locale):
        console.print(f"[{_COLOURS[one.level]}]{escape(one.words)}[/]", highlight=False)
    console.print(f"Wrote {escape(str(out))}")


def check(path: Path, key: str, kept: Path | None, asked: Asked) -> int:
    """Check a package, print what came of it and return the exit code."""
    try:
        with console.status("Checking the package …"), opened(path) as folder:
            found = check_package(folder, load_verifier(key), kept)
            require_asked(found.manifest, asked)
    except PackageTamperError as error:
        console.print(f"[red]{error.fault.value}[/] ({escape(error.where)}): {escape(str(error))}", highlight=False)
        return PACKAGE_EXIT_CODES[error.fault]
    except TamperError as error:
        console.print(f"[red]{error.fault.value}[/] at entry {error.seq}: {escape(str(error))}", highlight=False)
        return EXIT_CODES[error.fault]
    except (VerificationError, SearchError) as error:
        console.print(f"[red]Not verified:[/] {escape(str(error))}", highlight=False)
        return UNVERIFIABLE
    _print(found)
    return WHOLE if found.last is not None or not found.log.entries else UNSIGNED


def _print(found: Checked) -> None:
    made, log = found.manifest, found.log
    console.print(f"[green]Whole:[/] {made.explanations:,} explanations, signed {made.made_at:%Y-%m-%d %H:%M} UTC")
    _say(f"Searched: {searched(made.search)}{drawn(made)}")
    _say(f"{found.proved:,} entries about them proved: record, digest, leaf, root {log.root}")
    if found.unsalted:
        _say(f"{found.unsalted:,} more can be proved of nothing: what they were about was emptied, as a removal says.")
    if found.unkept:
        _say(f"{found.unkept:,} more are about what does not stay as it was, and are not compared with it.")
    gone = f", {found.gone:,} of which were removed since" if found.gone else ""
    _say(f"The log says that {found.made:,} explanations were made in that time{gone}; {_complete(found)}")
    if found.last is None:
        console.print(
            f"No checkpoint vouches for the log's {log.entries:,} entries: ask for the signed ones.", style="yellow"
        )
    else:
        last = found.last
        at = f" of {last.at}" if last.at else ""
        rest = f"; the {log.entries - last.size:,} after it, the manifest alone" if log.entries > last.size else ""
        fit = f"{log.entries:,} log entries fit {log.checkpoints:,} checkpoints"
        _say(f"{fit}, the last{at} at entry {last.size:,}{rest}.")
    console.print("What a package does not show is in its manifest.json: unproved.", style="dim")


def _complete(found: Checked) -> str:
    if not found.is_judged:
        return "whether any of them is missing cannot be told, since more than time narrows the search."
    return "none of the others is missing." if found.manifest.sample is None else "all others could be drawn."


def searched(search: Search) -> str:
    """Return what was searched, in words."""
    since = "the beginning" if search.since is None else f"{search.since:%Y-%m-%d %H:%M:%S} UTC"
    until = "now" if search.until is None else f"{search.until:%Y-%m-%d %H:%M:%S} UTC"
    fields = {name: value for name, value in asdict(search).items() if value is not None}
    narrowed = [f"{name} {value!r}" for name, value in fields.items() if name not in {"since", "until"}]
    return ", ".join([f"from {since} to before {until}", *(narrowed or ["everybody's and everything"])])


def drawn(made: Manifest) -> str:
    """Return how a sample was drawn, in words; nothing where none was."""
    if made.sample is None:
        return ""
    return f"; of {made.sample.found:,} found the seed {made.sample.seed!r} draws these"


def _say(text: str) -> None:
    console.print(escape(text), highlight=False)
