"""Commands for auditors: ``explainer audit check`` and ``explainer replay``."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import rich_click as click

from explainer.cli.common import Group, settings_of

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
    something unreadable); 3 fits together, but no checkpoint vouches for it; at the first bad entry 10 altered,
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
@click.option("--rotate", is_flag=True, help="Make a new key, introduced by the old one.")
@click.pass_context
def audit_key(ctx: click.Context, *, rotate: bool) -> None:
    """Print the public key that checkpoints are verified with; give it to your auditors."""
    from explainer.cli.audit_log import show_key

    show_key(settings_of(ctx), rotate=rotate)


@audit.command("export")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def audit_export(ctx: click.Context, out: Path) -> None:
    """Write the log to OUT, one entry a line: it has no personal text and is verified without our database."""
    from explainer.cli.audit_log import export_log

    export_log(settings_of(ctx), out)


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
    """Print the proof (RFC 6962) that the log of SECOND entries begins with all of the log of FIRST, as JSON."""
    from explainer.cli.audit_proofs import prove_grown

    prove_grown(settings_of(ctx), first, second)


@audit.command("check-proof")
@click.argument("file", type=click.File("rb"))
@_KEY
@_CHECKPOINTS
@click.pass_context
def audit_check_proof(ctx: click.Context, file: BinaryIO, key: str | None, checkpoints: Path | None) -> None:
    """Check a proof that prove, consistency or the API wrote into FILE ("-" reads it from standard input).

    No database is needed; the folder of checkpoints only after a rotation, for the notes that introduce the new key.

    Exit codes: 0 it holds, up to a checkpoint that is signed; 2 it does not; 3 it holds, but nobody signed its root.
    """
    from explainer.cli.audit_proofs import check

    ctx.exit(check(settings_of(ctx), file.read(), key, checkpoints))


@click.command()
@click.argument("explanation")
@click.pass_context
def replay(ctx: click.Context, explanation: str) -> None:
    """Compute the EXPLANATION of that id again from its record and say in what it differs. No model is asked."""
    from explainer.cli.audit_reports import replay as run

    run(settings_of(ctx), explanation)
