"""Commands for auditors: ``explainer audit check`` and ``explainer replay``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from explainer.cli.common import Group, settings_of


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
@click.option(
    "--export", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An export instead of the database."
)
@click.option("--checkpoints", type=click.Path(file_okay=False, path_type=Path), help="Folder of signed checkpoints.")
@click.option("--key", help="Public key, or a file with it, that you have from elsewhere than this machine.")
@click.pass_context
def audit_verify(ctx: click.Context, export: Path | None, checkpoints: Path | None, key: str | None) -> None:
    """Compute the log's tree anew and hold it against the signed checkpoints.

    Exit codes: 0 whole; 2 cannot be verified (a wrong key, a false signature, something unreadable); at the first bad
    entry 10 altered, 11 missing, 12 out of order, 13 cut off, 14 another history than the signed one, 15 a tree node.
    """
    from explainer.cli.audit_log import verify_log

    ctx.exit(verify_log(settings_of(ctx), export, checkpoints, key))


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
@click.pass_context
def audit_prove(ctx: click.Context, seq: int) -> None:
    """Print the proof (RFC 6962) that the entry of number SEQ is in the log."""
    from explainer.cli.audit_log import prove

    prove(settings_of(ctx), seq)


@click.command()
@click.argument("explanation")
@click.pass_context
def replay(ctx: click.Context, explanation: str) -> None:
    """Compute the EXPLANATION of that id again from its record and say in what it differs. No model is asked."""
    from explainer.cli.audit_reports import replay as run

    run(settings_of(ctx), explanation)
