"""Commands about who may ask: ``explainer key`` for programs, ``explainer people`` for people."""

from __future__ import annotations

import rich_click as click

from explainer.access import Role
from explainer.cli.common import Group, settings_of


@click.group(cls=Group)
def key() -> None:
    """API keys: who may ask, for what, and until when."""


@key.command("create")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default="app",
    show_default=True,
    help="What the key is for.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    help="Only this of what the role may do; repeat for several. A shop's program exports and erases users "
    "(users:export, users:erase) only with a key that was made for it so.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it ends. [default: it does not]")
@click.pass_context
def key_create(ctx: click.Context, name: str, role: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make an API key and print it, this once. Keys of the same NAME stop working."""
    from explainer.cli.keys import create

    create(settings_of(ctx), name, role, scopes, days)


@key.command("rotate")
@click.argument("name")
@click.option(
    "--overlap-hours",
    type=click.FloatRange(0, 720),
    default=24.0,
    show_default=True,
    help="Hours the old one lives on.",
)
@click.pass_context
def key_rotate(ctx: click.Context, name: str, overlap_hours: float) -> None:
    """Make a new key like the one of that NAME and print it, this once; the old one ends after the overlap."""
    from explainer.cli.keys import rotate

    rotate(settings_of(ctx), name, overlap_hours)


@key.command("list")
@click.pass_context
def key_list(ctx: click.Context) -> None:
    """Show the keys: name, prefix, role, scopes, end."""
    from explainer.cli.keys import show

    show(settings_of(ctx))


@key.command("revoke")
@click.argument("name")
@click.pass_context
def key_revoke(ctx: click.Context, name: str) -> None:
    """Let the keys of that NAME stop working now."""
    from explainer.cli.keys import revoke

    revoke(settings_of(ctx), name)


@click.group(cls=Group)
def people() -> None:
    """People who sign in on pages."""


_PASSWORD = click.password_option(help="Asked for when it is not given.", prompt="Password")


@people.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What they are here for.")
@_PASSWORD
@click.pass_context
def people_add(ctx: click.Context, name: str, role: str, password: str) -> None:
    """Let NAME sign in."""
    from explainer.cli.people import add

    add(settings_of(ctx), name, role, password)


@people.command("password")
@click.argument("name")
@_PASSWORD
@click.pass_context
def people_password(ctx: click.Context, name: str, password: str) -> None:
    """Give NAME a new password."""
    from explainer.cli.people import renew

    renew(settings_of(ctx), name, password)


@people.command("disable")
@click.argument("name")
@click.pass_context
def people_disable(ctx: click.Context, name: str) -> None:
    """Let NAME in no more, from now on."""
    from explainer.cli.people import shut_out

    shut_out(settings_of(ctx), name)


@people.command("remove")
@click.argument("name")
@click.pass_context
def people_remove(ctx: click.Context, name: str) -> None:
    """Remove NAME for good, with what could tell whom the log's entries about them mean.

    Their name stays beside what they looked at, judged, suppressed, erased and put into use; the command says where.
    """
    from explainer.cli.people import remove

    remove(settings_of(ctx), name)


@people.command("list")
@click.pass_context
def people_list(ctx: click.Context) -> None:
    """Show who may sign in."""
    from explainer.cli.people import show

    show(settings_of(ctx))
