"""``explainer reviews``: what waits for reviewers, and their verdicts for the next training."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from explainer.cli.common import Group, console, database_session, people_database, settings_of

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
    from explainer.operator import operator
    from explainer.service.review_files import export

    found = export(people_database(settings_of(ctx)), out, rejected, operator())
    console.print(f"{len(found.examples)} examples in {out}", highlight=False, markup=False)
    where = f"in {rejected}" if rejected is not None else "not written: give --rejected FILE"
    console.print(f"{len(found.rejected)} rejected texts {where}", highlight=False, markup=False)
    for reason, count in sorted(found.left_out.items()):
        console.print(f"{count} good texts left out: {reason}", highlight=False, markup=False)


@reviews.command("exported")
@click.pass_context
def reviews_exported(ctx: click.Context) -> None:
    """Show the files that were written, and which have lines made of people who were erased since."""
    from rich.markup import escape
    from rich.table import Table

    from explainer.storage.corpora import list_corpora
    from explainer.storage.staff import names_of

    table = Table()
    for column in ("written", "by", "kind", "file", "sha256", "lines", "of erased people"):
        table.add_column(column, overflow="fold")
    with database_session(settings_of(ctx)) as session:
        corpora = list_corpora(session)
        names = names_of(session, [one.corpus.made_by for one in corpora])
        for one in corpora:
            row, erased = one.corpus, f"[red]{one.erased}: write it again[/]" if one.erased else "0"
            cells = (names[row.made_by], row.kind, row.file, row.sha256[:12], str(row.lines))
            table.add_row(f"{row.made_at:%Y-%m-%d %H:%M}", *map(escape, cells), erased)
    console.print(table)
