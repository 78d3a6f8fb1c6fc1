"""``explainer tags``."""

from __future__ import annotations

import rich_click as click

from explainer.cli.common import Group, settings_of, user_id


@click.group(cls=Group)
def tags() -> None:
    """Aspects a user comes back to, and what to forget of them."""


_USER = click.option("--user", required=True, callback=user_id, help="Whose tags.")


@tags.command("list")
@_USER
@click.pass_context
def tags_list(ctx: click.Context, user: str) -> None:
    """Show a user's tags, each with the behaviours behind it, and the deleted ones."""
    from explainer.cli.tags import show

    show(settings_of(ctx), user)


@tags.command("delete")
@_USER
@click.argument("tag")
@click.pass_context
def tags_delete(ctx: click.Context, user: str, tag: str) -> None:
    """Never use TAG for this user again, neither as a tag nor as a reason."""
    from explainer.cli.tags import delete

    delete(settings_of(ctx), user, tag)


@tags.command("restore")
@_USER
@click.argument("tag")
@click.pass_context
def tags_restore(ctx: click.Context, user: str, tag: str) -> None:
    """Use a deleted TAG again."""
    from explainer.cli.tags import restore

    restore(settings_of(ctx), user, tag)
