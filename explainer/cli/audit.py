"""Commands for auditors: ``explainer audit …`` and ``explainer replay``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import rich_click as click

from explainer.cli.common import Group, settings_of
from explainer.writing.style import AUDIENCES, LOCALES

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_CHECKPOINTS = click.option(
    "--checkpoints", type=click.Path(file_okay=False, path_type=Path), help="Folder of signed checkpoints."
)
_KEY = click.option("--key", help="Public key, or a file with it, that you have from elsewhere than this machine.")


@click.group(cls=Group)
def audit() -> None:
    """Is the record of what happened whole?"""


@audit.command("check")
@click.pass_context
def audit_check(ctx: click.Context) -> None:
    """Compare every audit entry with its record, and every record with the log. Exit code 1 if anything is wrong."""
    from explainer.cli.audit_reports import check

    if not check(settings_of(ctx)):
        ctx.exit(1)


@audit.command("verify")
@click.option("--export", type=_FILE, help="An export instead of the database.")
@_CHECKPOINTS
@_KEY
@click.option("--kept", type=_FILE, help="A checkpoint that you have kept: nobody can take it out of the folder.")
@click.pass_context
def audit_verify(
    ctx: click.Context, export: Path | None, checkpoints: Path | None, key: str | None, kept: Path | None
) -> None:
    """Compute the log's tree anew and hold it against the signed checkpoints.

    Exit codes: 0 whole; 2 cannot be verified (a wrong key, a false signature, a checkpoint that was taken away,
    something unreadable); 3 fits together, but no checkpoint vouches for it, or none for the end of an export: in
    the database, entries that nobody has signed yet are only told of; at the first bad entry 10 altered,
    11 missing, 12 out of order, 13 cut off, 14 another history than the signed one, 15 a node of the tree.
    """
    from explainer.cli.audit_log import verify_log

    ctx.exit(verify_log(settings_of(ctx), export, checkpoints, key, kept))


@audit.command("checkpoint")
@click.pass_context
def audit_checkpoint(ctx: click.Context) -> None:
    """Sign the log as it is now; a service does so by itself."""
    from explainer.cli.audit_log import checkpoint

    checkpoint(settings_of(ctx))


@audit.command("key")
@click.option("--rotate", is_flag=True, help="First exchange it for a new one: each introduces the other.")
@click.pass_context
def audit_key(ctx: click.Context, *, rotate: bool) -> None:
    """Print the public key that checkpoints are verified with; give it to your auditors.

    After a rotation the key from before verifies as much as the new one; which ones do is said on standard error.
    """
    from explainer.cli.audit_log import show_key

    show_key(settings_of(ctx), rotate=rotate)


@audit.command("export")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def audit_export(ctx: click.Context, out: Path) -> None:
    """Write the log to OUT, one entry a line: it has no personal text and is verified without our database.

    The log is signed first, and what is written ends there, so that all of it is vouched for. Exit code 13: more was
    signed than there is.
    """
    from explainer.cli.audit_log import export_log

    ctx.exit(export_log(settings_of(ctx), out))


@audit.command("prove")
@click.argument("seq", type=click.IntRange(min=1))
@click.option("--size", type=click.IntRange(min=1), help="Entries of the log that it is proved to be in.")
@click.pass_context
def audit_prove(ctx: click.Context, seq: int, size: int | None) -> None:
    """Print the proof (RFC 6962) that the entry of number SEQ is in the log, as JSON.

    Without a size it is for the last checkpoint, or for the log as it is where that is older than the entry.
    """
    from explainer.cli.audit_proofs import prove

    prove(settings_of(ctx), seq, size)


@audit.command("consistency")
@click.argument("first", type=click.IntRange(min=0))
@click.argument("second", type=click.IntRange(min=0), required=False)
@click.pass_context
def audit_consistency(ctx: click.Context, first: int, second: int | None) -> None:
    """Print the proof (RFC 6962) that the log of SECOND entries begins with all of the log of FIRST, as JSON.

    Give sizes that were signed, those of checkpoints: others prove nothing to an outsider. Without SECOND it is for the
    last checkpoint, or for the log as it is where that is older than FIRST.
    """
    from explainer.cli.audit_proofs import prove_grown

    prove_grown(settings_of(ctx), first, second)


@audit.command("check-proof")
@click.argument("file", type=click.File("rb"))
@_KEY
@_CHECKPOINTS
@click.pass_context
def audit_check_proof(ctx: click.Context, file: BinaryIO, key: str | None, checkpoints: Path | None) -> None:
    """Check a proof that prove, consistency or the API wrote into FILE ("-" reads it from standard input).

    No database is needed; the folder of checkpoints only after a rotation, for the notes of which key came after which.

    Exit codes: 0 it holds, up to a checkpoint that is signed; 2 it does not; 3 it holds, but nobody signed its root.
    """
    from explainer.cli.audit_proofs import check

    ctx.exit(check(settings_of(ctx), file.read(), key, checkpoints))


_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@audit.command("package")
@click.argument("out", metavar="OUT_DIR", type=click.Path(path_type=Path))
@click.option("--from", "since", type=_DAY, help="Explanations from this day or moment on, UTC.")
@click.option("--to", "until", type=_DAY, help="And before this one, UTC.")
@click.option("--user", help="Of this user.")
@click.option("--item", help="Of this item.")
@click.option("--source", type=click.Choice(["model", "template"]), help="Written by.")
@click.option("--locale", type=click.Choice(LOCALES), help="In this language.")
@click.option("--audience", type=click.Choice(AUDIENCES), help="For this reader.")
@click.option("--recommender", help="By this version, or what begins so,")
@click.option("--writer", help="likewise of the writer,")
@click.option("--prompt", help="and of the prompts.")
@click.option("--complained/--not-complained", default=None, help="Only with, or only without complaints.")
@click.option(
    "--seed",
    default="",
    help="Draw a sample with this seed: the auditor names it, so that nobody else chooses.",
)
@click.option("--sample", "n", type=click.IntRange(min=1), help="How many the sample has.")
@click.pass_context
def audit_package(ctx: click.Context, /, out: Path, seed: str, n: int | None, **search: Any) -> None:  # noqa: ANN401
    """Write a signed folder OUT_DIR for an auditor, who checks it without us: records, log, checkpoints, manifest.

    It holds personal data, and the manifest says so.
    """
    from explainer.cli.audit_packages import make_package
    from explainer.service.package.write import Wanted
    from explainer.storage.listing import Search

    if bool(seed) is not bool(n):
        raise click.UsageError("A sample needs both: --seed SEED and --sample N.")
    make_package(settings_of(ctx), Wanted(Search(**search), seed, n or 0), out)


@audit.command("package-check")
@click.argument("folder", metavar="PACKAGE", type=click.Path(exists=True, path_type=Path))
@click.option("--key", required=True, help="Public key, or a file with it, that you have from elsewhere.")
@click.option("--kept", type=_FILE, help="A checkpoint that you have kept from before: nobody can take it out.")
@click.option("--seed", help="What you asked for: the seed that you named,")
@click.option("--sample", "n", type=click.IntRange(min=1), help="how many,")
@click.option("--from", "since", type=_DAY, help="from which day or moment on, UTC,")
@click.option("--to", "until", type=_DAY, help="and before which one.")
@click.pass_context
def audit_package_check(ctx: click.Context, /, folder: Path, key: str, kept: Path | None, **asked: Any) -> None:  # noqa: ANN401
    """Check PACKAGE, a folder or a downloaded zip file: signature, files, log, each record's way to a root, table.

    Also that no record is missing, where that can be told, and that a sample is the one that its seed draws. Needs no
    database. Name what you asked for, as --seed, and it is held against that, too.

    Exit codes: 0 whole; 2 cannot be verified; 3 fits together, but no checkpoint vouches for the log; 10 to 15 the log,
    as for `explainer audit verify`; 16 a file is missing, altered or one too many; 17 a record is not what the log
    says; 18 a record that was not searched or drawn, or one that is missing from what was drawn; 19 the table is not
    that of the records; 20 something that was made in the time is missing; 21 it is not what you asked for.
    """
    from explainer.cli.audit_packages import check
    from explainer.service.package.asked import Asked

    ctx.exit(check(folder, key, kept, Asked(**asked)))


@audit.command("report")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--month", help="As 2026-11, UTC. [default: the last one that is over]")
@click.option("--locale", type=click.Choice(LOCALES), default="en", show_default=True, help="Language of the report.")
@click.option("--verify/--no-verify", default=True, show_default=True, help="Also verify the whole audit log.")
@click.pass_context
def audit_report(ctx: click.Context, /, out: Path, month: str | None, locale: str, *, verify: bool) -> None:
    """Write a month of the service in numbers and pictures to OUT, one HTML file that needs no network."""
    from explainer.cli.audit_packages import write_report

    write_report(settings_of(ctx), out, month, locale, verify=verify)


@click.command()
@click.argument("explanation")
@click.pass_context
def replay(ctx: click.Context, explanation: str) -> None:
    """Compute the EXPLANATION of that id again from its record and say in what it differs. No model is asked."""
    from explainer.cli.audit_reports import replay as run

    run(settings_of(ctx), explanation)
