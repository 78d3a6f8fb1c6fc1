"""Commands about what is held of people: ``explainer subject``, ``explainer retention``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from explainer.cli.common import Group, settings_of

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Group)
def subject() -> None:
    """All that is held about one person: given to them, or removed."""


@subject.command("export")
@click.argument("user")
@click.argument("out", type=_FILE)
@click.pass_context
def subject_export(ctx: click.Context, user: str, out: Path) -> None:
    """Write everything about USER to OUT, a ZIP file with JSON lines and a page to read."""
    from explainer.cli.subjects import export

    export(settings_of(ctx), user, out)


@subject.command("erase")
@click.argument("user")
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--receipt", type=_FILE, help="Write the receipt to this file.")
@click.pass_context
def subject_erase(ctx: click.Context, user: str, receipt: Path | None, *, dry_run: bool, yes: bool) -> None:
    """Remove everything about USER for good, and show what went."""
    from explainer.cli.subjects import erase

    erase(settings_of(ctx), user, receipt, dry_run=dry_run, sure=yes)


@subject.command("check")
@click.argument("receipt", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", help="Public key, or a file with it, that you have from elsewhere than the receipt.")
@click.option("--checkpoints", type=click.Path(file_okay=False, path_type=Path), help="Folder of signed checkpoints.")
@click.option("--user", help="Say whether it is theirs, too; needs the erasure key.")
@click.pass_context
def subject_check(
    ctx: click.Context, receipt: Path, key: str | None, checkpoints: Path | None, user: str | None
) -> None:
    """Check that a RECEIPT proves what it says; needs no database.

    Without --key it is held against the key of this home, if there is one; the folder of checkpoints is needed only
    after a rotation, for the notes that introduce the new key.

    Exit codes: 0 it holds, up to a checkpoint that is signed; 2 it does not; 3 it holds, but no trusted key has signed
    its root; 4 it is not about the user.
    """
    from explainer.cli.receipts import check

    ctx.exit(check(settings_of(ctx), receipt, key, checkpoints, user))


@subject.command("reapply")
@click.pass_context
def subject_reapply(ctx: click.Context) -> None:
    """Erase again whom a restored backup has brought back.

    Services, workers and every command that reads people do so when they start.
    """
    from explainer.cli.subjects import again

    again(settings_of(ctx))


@subject.command("relist")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def subject_relist(ctx: click.Context, *, yes: bool) -> None:
    """Write the lines of a lost erasure list anew, of the erasures that the database has.

    Do so only if the list is lost: an erasure without a line may be one that nobody asked for.
    """
    from explainer.cli.subjects import list_again

    list_again(settings_of(ctx), sure=yes)


@subject.command("adopt-key")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def subject_adopt_key(ctx: click.Context, *, yes: bool) -> None:
    """Use the erasure key here from now on: for when the one in use with the database is lost.

    Move the lost key's erasure list away first, if it is here: nobody can read it without that key.
    """
    from explainer.cli.subjects import adopt

    adopt(settings_of(ctx), sure=yes)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def retention(ctx: click.Context, *, dry_run: bool, yes: bool) -> None:
    """Remove what was kept for as long as the EXPLAINER_KEEP_… settings say; run it every night."""
    from explainer.cli.subjects import retain

    retain(settings_of(ctx), dry_run=dry_run, sure=yes)
