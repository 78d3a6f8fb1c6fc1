"""What the commands for auditors do that make files: packages, checked elsewhere, and the monthly report."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.errors import VerificationError
from explainer.audit.keys import load_signer, load_verifier
from explainer.audit.verify import TamperError
from explainer.cli.audit_log import EXIT_CODES, UNVERIFIABLE, WHOLE
from explainer.cli.common import console, database_session, people_database
from explainer.errors import ExplainerError
from explainer.server.audit_report import report_file, told_of
from explainer.service.month.calendar import Month
from explainer.service.month.report import monthly_report
from explainer.service.package.check import Checked, check_package
from explainer.service.package.faults import PackageFault, PackageTamperError
from explainer.service.package.write import Packer, Wanted, write_package
from explainer.settings import Settings
from explainer.storage.base import now

PACKAGE_EXIT_CODES = {
    PackageFault.FILE: 16,
    PackageFault.RECORD: 17,
    PackageFault.SELECTION: 18,
    PackageFault.TABLE: 19,
}
"""What the command returns for each fault of a package; they do not change."""
_COLOURS = {"bad": "red", "warn": "yellow", "good": "green", "note": "default"}


def make_package(settings: Settings, wanted: Wanted, out: Path) -> None:
    """Write a package and say what is in it."""
    database = people_database(settings)
    signer = load_signer(settings.signing_key)
    packer = Packer(CheckpointFolder(settings.checkpoint_folder), signer, settings.scratch)
    with console.status("Packing …") as status:
        made = write_package(database, packer, wanted, out, lambda name: status.update(f"Writing {name} …"))
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


def check(folder: Path, key: str) -> int:
    """Check a package, print what came of it and return the exit code."""
    try:
        with console.status("Checking the package …"):
            found = check_package(folder, load_verifier(key))
    except PackageTamperError as error:
        console.print(f"[red]{error.fault.value}[/] ({escape(error.where)}): {escape(str(error))}", highlight=False)
        return PACKAGE_EXIT_CODES[error.fault]
    except TamperError as error:
        console.print(f"[red]{error.fault.value}[/] at entry {error.seq}: {escape(str(error))}", highlight=False)
        return EXIT_CODES[error.fault]
    except VerificationError as error:
        console.print(f"[red]Not verified:[/] {escape(str(error))}", highlight=False)
        return UNVERIFIABLE
    _print(found)
    return WHOLE


def _print(found: Checked) -> None:
    made, log = found.manifest, found.log
    console.print(f"[green]Whole:[/] {made.explanations:,} explanations, signed {made.made_at:%Y-%m-%d %H:%M} UTC")
    console.print(f"{found.proved:,} entries about them proved: record, digest, leaf, root {log.root}", highlight=False)
    if found.unsalted:
        console.print(
            f"{found.unsalted:,} entries cannot be proved: their salts are gone, as after an erasure. Ask which.",
            style="yellow",
        )
    console.print(f"{log.entries:,} entries of the log fit {log.checkpoints:,} signed checkpoints.")
    drawn = "" if made.sample is None else f"; the seed {made.sample.seed!r} draws these of {made.sample.found:,}"
    console.print(
        f"The log says that {found.made:,} explanations were made in that time{escape(drawn)}.", highlight=False
    )
