"""``explainer embed``: explanations on a shop's pages."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from explainer.cli.common import Group, settings_of
from explainer.writing.style import LOCALES

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(cls=Group)
def embed() -> None:
    """Explanations on a shop's pages."""


@embed.command("rotate-secret")
@click.option(
    "--overlap-hours",
    type=click.FloatRange(0, 720),
    help="Hours that tokens made before go on working; 0 if others have seen the secret. [default: all they have left]",
)
@click.pass_context
def rotate_secret(ctx: click.Context, overlap_hours: float | None) -> None:
    """Sign the tokens of pages with a new secret from now on.

    Only the one before it goes on counting: a second rotation ends what was signed before the first.
    """
    from explainer.cli.embed_sample import rotate

    rotate(settings_of(ctx), overlap_hours)


@embed.command("sample")
@click.option("--out", type=_FOLDER, default=Path("shop"), show_default=True, help="Folder of the page.")
@click.option("--explanation", "explanations", multiple=True, help="Id of an explanation to show; may be repeated.")
@click.option("--user", help="Show the newest of this user. [default: of whoever has the newest of all]")
@click.option("--service", help="Where the service is. [default: http://127.0.0.1:8000, or as the settings say]")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Port the page is for.")
@click.option(
    "--locale", type=click.Choice(LOCALES), default="en", show_default=True, help="Language of the component."
)
@click.pass_context
def sample(
    ctx: click.Context,
    /,
    out: Path,
    explanations: tuple[str, ...],
    user: str | None,
    service: str | None,
    port: int,
    locale: str,
) -> None:
    """Write a page of a small shop that shows stored explanations, and say how to try it."""
    if explanations and user is not None:
        raise click.UsageError("Give --explanation or --user, not both.")
    from explainer.cli.embed_sample import write_sample

    write_sample(settings_of(ctx), out, explanations, user, service, port, locale)
