"""``explainer worker``: do what is left after answers."""

from __future__ import annotations

import rich_click as click

from explainer.cli.common import settings_of

_KINDS = ("upgrade", "counterfactual")


@click.command()
@click.option("--kinds", type=click.Choice(_KINDS), multiple=True, help="Do only these; may be repeated.")
@click.option("--once", is_flag=True, help="End as soon as nothing is due.")
@click.option("--revive", is_flag=True, help="First have jobs that were given up tried anew.")
@click.option("--port", type=click.IntRange(1, 65535), help="Let a Prometheus server read here, on EXPLAINER_HOST.")
@click.pass_context
def worker(ctx: click.Context, /, kinds: tuple[str, ...], port: int | None, *, once: bool, revive: bool) -> None:
    """Do jobs that services leave: better texts, counterfactuals. As many as you like work side by side.

    Services do them as well, unless EXPLAINER_JOBS=workers. What failed five times is given up, and forgotten
    after a week; --revive has it tried anew.
    """
    from explainer.server.work import work

    work(settings_of(ctx), kinds or _KINDS, once=once, revive=revive, port=port)
