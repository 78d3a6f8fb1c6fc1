"""``explainer adapters …`` and ``explainer prompts …``: what is known, what is in use, and changing it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import rich_click as click

from explainer.cli.common import settings_of

_FOLDER = click.Path(file_okay=False, path_type=Path)
_JSON = click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Also write it to this file."
)
_LOCALE = click.option("--locale", default="en", show_default=True, help="Language of the texts.")
_VERSION = click.argument("version")


@click.group()
def adapters() -> None:
    """LoRA adapters: which there are, and which one writes.

    VERSION is the hash of the weights, or its first six or more characters.
    """


@adapters.command("list")
@_JSON
@click.pass_context
def adapters_list(ctx: click.Context, out: Path | None) -> None:
    """Show every registered adapter, and the one that writes."""
    from explainer.cli.adapters import show_all

    show_all(settings_of(ctx), out)


@adapters.command("show")
@_VERSION
@_JSON
@click.pass_context
def adapters_show(ctx: click.Context, version: str, out: Path | None) -> None:
    """Show an adapter's card and its history."""
    from explainer.cli.adapters import show

    show(settings_of(ctx), version, out)


@adapters.command("add")
@click.argument("folder", type=_FOLDER)
@click.option("--name", help="What to call it. [default: the folder's name]")
@_LOCALE
@click.pass_context
def adapters_add(ctx: click.Context, folder: Path, name: str | None, locale: str) -> None:
    """Register the adapter in FOLDER, made by explainer tune; the weights stay where they are."""
    from explainer.cli.adapters import add

    add(settings_of(ctx), folder, name, locale)


@adapters.command("promote")
@_VERSION
@click.pass_context
def adapters_promote(ctx: click.Context, version: str) -> None:
    """Put an adapter into production; the one before it is retired."""
    from explainer.cli.adapters import promote

    promote(settings_of(ctx), version)


@adapters.command("rollback")
@_LOCALE
@click.pass_context
def adapters_rollback(ctx: click.Context, locale: str) -> None:
    """Undo the last promotion."""
    from explainer.cli.adapters import rollback

    rollback(settings_of(ctx), locale)


@adapters.command("retire")
@_VERSION
@click.pass_context
def adapters_retire(ctx: click.Context, version: str) -> None:
    """Retire a candidate."""
    from explainer.cli.adapters import retire

    retire(settings_of(ctx), version)


@click.group()
def prompts() -> None:
    """Prompt templates: which versions there are, and which one texts are written with.

    VERSION, A and B are hashes of what the templates say, or the first six or more characters.
    """


def _scoped(command: Callable[..., None]) -> Callable[..., None]:
    audience = click.option("--audience", default="customer", show_default=True, help="Reader of the texts.")
    return _LOCALE(audience(command))


@prompts.command("list")
@_scoped
@_JSON
@click.pass_context
def prompts_list(ctx: click.Context, locale: str, audience: str, out: Path | None) -> None:
    """Show every version and which one is in use."""
    from explainer.cli.prompts import show_all

    show_all(settings_of(ctx), locale, audience, out)


@prompts.command("show")
@_VERSION
@_scoped
@_JSON
@click.pass_context
def prompts_show(ctx: click.Context, version: str, locale: str, audience: str, out: Path | None) -> None:
    """Show a version's templates, word for word."""
    from explainer.cli.prompts import show

    show(settings_of(ctx), version, locale, audience, out)


@prompts.command("diff")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@_scoped
@click.pass_context
def prompts_diff(ctx: click.Context, first: str, second: str, locale: str, audience: str) -> None:
    """Show what changed from A to B."""
    from explainer.cli.prompts import diff

    diff(settings_of(ctx), first, second, locale, audience)


@prompts.command("add")
@click.argument("folder", type=_FOLDER, required=False)
@_scoped
@click.pass_context
def prompts_add(ctx: click.Context, folder: Path | None, locale: str, audience: str) -> None:
    """Store the templates in FOLDER, tried on sample evidence first. [default: EXPLAINER_PROMPTS, or the package's]."""
    from explainer.cli.prompts import add

    add(settings_of(ctx), folder, locale, audience)


@prompts.command("promote")
@_VERSION
@_scoped
@click.pass_context
def prompts_promote(ctx: click.Context, version: str, locale: str, audience: str) -> None:
    """Write everybody's texts with a version from now on; a split ends."""
    from explainer.cli.prompts import promote

    promote(settings_of(ctx), version, locale, audience)


@prompts.command("rollback")
@_scoped
@click.pass_context
def prompts_rollback(ctx: click.Context, locale: str, audience: str) -> None:
    """Undo the last promotion or split."""
    from explainer.cli.prompts import rollback

    rollback(settings_of(ctx), locale, audience)


@prompts.command("split")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--percent", type=click.IntRange(1, 99), required=True, help="How many of a hundred users get B.")
@_scoped
@click.pass_context
def prompts_split(ctx: click.Context, first: str, second: str, percent: int, locale: str, audience: str) -> None:
    """Write some users' texts with B and the others' with A; each user always gets the same one.

    Again with another percentage, only as many users change as must.
    """
    from explainer.cli.prompts import split

    split(settings_of(ctx), first, second, percent, locale, audience)


@prompts.command("report")
@click.argument("versions", metavar="[A B]", nargs=-1)
@_scoped
@_JSON
@click.pass_context
def prompts_report(ctx: click.Context, versions: tuple[str, ...], locale: str, audience: str, out: Path | None) -> None:
    """Compare two versions by the stored explanations. [default: those of the last split, while it ran]."""
    if len(versions) not in (0, 2):
        raise click.UsageError("Give two versions, or none for those of the last split.")
    from explainer.cli.prompts import report

    report(settings_of(ctx), (versions[0], versions[1]) if versions else None, locale, audience, out)
