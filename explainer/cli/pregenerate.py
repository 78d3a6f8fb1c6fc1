"""``explainer pregenerate``: write explanations before anybody asks."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import rich_click as click

from explainer.cli.common import settings_of, with_engine
from explainer.settings import Settings
from explainer.writing.style import AUDIENCES, CUSTOMER, LOCALES, Style

_FILE = click.Path(dir_okay=False, path_type=Path)
_ENGINES = get_args(Settings.model_fields["engine"].annotation)


@click.command()
@click.option("--users", help="Whose: all, ids with commas between them, or @FILE with one on each line.")
@click.option(
    "--k", type=click.IntRange(1, 50), default=10, show_default=True, help="Length of the list, as asked for."
)
@click.option("--engine", type=click.Choice(_ENGINES), help="What writes. [default: the one of the settings]")
@click.option(
    "--runner", type=click.Choice(("local", "ray")), default="local", show_default=True, help="Where the work is done."
)
@click.option(
    "--processes", type=click.IntRange(1, 256), help="That prepare and store. [default: one per core, up to 8]"
)
@click.option("--locale", type=click.Choice(LOCALES), default="en", show_default=True, help="Language of the texts.")
@click.option(
    "--audience", type=click.Choice(AUDIENCES), default=CUSTOMER, show_default=True, help="Who reads the texts."
)
@click.option("--retry", is_flag=True, help="Instead of --users: those of whom something failed before.")
@click.option("--dead-letters", "listed", is_flag=True, help="Only list what failed before, with the reasons.")
@click.option("--price", type=click.FloatRange(min=0), help="Of an hour of one core, for what a thousand cost.")
@click.option("--json", "out", type=_FILE, help="Also write the figures to this file.")
@click.pass_context
def pregenerate(
    ctx: click.Context,
    /,
    users: str | None,
    k: int,
    engine: str | None,
    runner: str,
    processes: int | None,
    locale: str,
    audience: str,
    price: float | None,
    out: Path | None,
    *,
    retry: bool,
    listed: bool,
) -> None:
    """Write explanations before anybody asks, each distinct prompt once, and store them.

    What is stored already and still holds is left alone, so after a crash the same command goes on. The service then
    shows what was written, as long as nothing that it rests on has changed. What could not be written is kept with the
    reason, and tried again the next time; for those of whom nothing is known, nothing is written.

    What would have kept an item out of its list is looked for once the explanation is shown, by the service's jobs.
    Of a hundred distinct prompts, not of a hundred texts, one waits for a reviewer.
    """
    from explainer.cli.pregenerating import dead_letters, run
    from explainer.pregeneration import Job

    settings = settings_of(ctx) if engine is None else with_engine(settings_of(ctx), engine)
    if listed:
        dead_letters(settings)
        return
    if (users is None) is not retry:
        raise click.UsageError("Give --users or --retry.")
    job = Job(k, Style(locale, audience), runner, processes, price)
    if run(settings, users, job, out).failed:
        ctx.exit(1)
