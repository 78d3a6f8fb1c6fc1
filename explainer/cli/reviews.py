"""``explainer reviews``: what waits for reviewers, and their verdicts for the next training."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from explainer.cli.common import Group, console, database_session, settings_of

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Group)
def reviews() -> None:
    """Texts that were reported or sampled, and what reviewers found."""


@reviews.command("list")
@click.option("--state", type=click.Choice(["open", "decided"]), help="Only these.")
@click.option("--cause", type=click.Choice(["reported", "sampled"]), help="Only these.")
@click.option("--top", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.pass_context
def reviews_list(ctx: click.Context, state: str | None, cause: str | None, top: int) -> None:
    """Show the reviewers' queue, newest first."""
    from rich.table import Table

    from explainer.storage.reviews import Cause, State, list_reviews

    table = Table()
    for column in ("review", "explanation", "cause", "since", "verdict"):
        table.add_column(column, overflow="fold")
    with database_session(settings_of(ctx)) as session:
        rows, following = list_reviews(session, State(state) if state else None, Cause(cause) if cause else None, top)
    for row in rows:
        table.add_row(row.id, row.explanation_id, row.cause, f"{row.created_at:%Y-%m-%d %H:%M}", row.verdict or "")
    console.print(table)
    if following is not None:
        console.print(f"There are more; see them with --top {2 * top}", highlight=False)


@reviews.command("export")
@click.option("--out", type=_FILE, required=True, help="File for the good texts, to be put beside the corpus.")
@click.option("--rejected", type=_FILE, help="File for the others, with verdict and note.")
@click.pass_context
def reviews_export(ctx: click.Context, out: Path, rejected: Path | None) -> None:
    """Write the judged texts: good ones as lines of the training corpus. No user and no title is in them."""
    from explainer.service.review_export import judged, write_examples, write_rejected

    with database_session(settings_of(ctx)) as session:
        found = judged(session)
    write_examples(out, found.examples)
    console.print(f"{len(found.examples)} examples in {out}", highlight=False, markup=False)
    if rejected is not None:
        write_rejected(rejected, found.rejected)
    where = f"in {rejected}" if rejected is not None else "not written: give --rejected FILE"
    console.print(f"{len(found.rejected)} rejected texts {where}", highlight=False, markup=False)
    for reason, count in sorted(found.left_out.items()):
        console.print(f"{count} good texts left out: {reason}", highlight=False, markup=False)
