"""Commands for auditors: ``explainer audit check`` and ``explainer replay``."""

from __future__ import annotations

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


@click.command()
@click.argument("explanation")
@click.pass_context
def replay(ctx: click.Context, explanation: str) -> None:
    """Compute the EXPLANATION of that id again from its record and say in what it differs. No model is asked."""
    from explainer.cli.audit_reports import replay as run

    run(settings_of(ctx), explanation)
