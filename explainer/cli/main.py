"""Every command of ``explainer``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click
from rich.markup import escape

from explainer import __version__
from explainer.cli.access import key, people
from explainer.cli.audit import audit, replay
from explainer.cli.bench import bench
from explainer.cli.common import (
    Group,
    console,
    errors,
    make_settings,
    people_database,
    quieten_libraries,
    settings_of,
    user_id,
)
from explainer.cli.datasets import data
from explainer.cli.embed import embed
from explainer.cli.measures import evaluate
from explainer.cli.planning import plan
from explainer.cli.pregenerate import pregenerate
from explainer.cli.registries import adapters, prompts
from explainer.cli.reviews import reviews
from explainer.cli.subject import retention, subject
from explainer.cli.tagging import tags
from explainer.cli.worker import worker
from explainer.writing.style import AUDIENCES, CUSTOMER, LOCALES, Style
from retriever.garbage import collect_seldom

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_LOCALE = click.option(
    "--locale", type=click.Choice(LOCALES), default="en", show_default=True, help="Language of the texts."
)
_AUDIENCE = click.option(
    "--audience", type=click.Choice(AUDIENCES), default=CUSTOMER, show_default=True, help="Who reads the texts."
)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="explainer")
@click.option("--home", type=_FOLDER, help="Folder for database, models and caches. [default: .explainer]")
@click.pass_context
def main(ctx: click.Context, home: Path | None) -> None:
    """Why was this recommended? Recommend, explain, store, serve.

    Settings come from EXPLAINER_… variables or a .env file; see README.
    """
    quieten_libraries()
    collect_seldom()
    ctx.obj = make_settings(home)


main.add_command(bench)
main.add_command(evaluate)
main.add_command(key)
main.add_command(people)
main.add_command(embed)
main.add_command(adapters)
main.add_command(prompts)
main.add_command(reviews)
main.add_command(data)
main.add_command(tags)
main.add_command(audit)
main.add_command(replay)
main.add_command(pregenerate)
main.add_command(subject)
main.add_command(retention)
main.add_command(worker)
main.add_command(plan)


@main.command()
@click.option(
    "--grant-to", "role", metavar="ROLE", help="A role of PostgreSQL that serves, and may only add to the log."
)
@click.pass_context
def migrate(ctx: click.Context, role: str | None) -> None:
    """Create the database, or bring its tables to the newest version.

    On PostgreSQL, migrate as the owner of the tables and let the service sign in as another role: triggers refuse to
    change the audit log, and only an owner can take triggers away. Explanations have a part of their own for each
    month there: this makes those of the next three months, too.
    """
    from explainer.storage.database import Database
    from explainer.storage.grants import grant_service
    from explainer.storage.months import month_note
    from explainer.storage.vectors.table import require_table

    settings = settings_of(ctx)
    database = Database(settings.url)
    database.migrate()
    if settings.index == "pgvector":  # or the first to hear of it would be the service
        with database.look() as connection:
            require_table(connection)
    if role is not None:
        grant_service(database, role)
        console.print(f"{escape(role)} may serve, and only add to the log.", highlight=False)
    with database.look() as connection:
        if note := month_note(connection):
            console.print(note, style="yellow", highlight=False)
    console.print("The database is up to date.")


@main.command()
@click.argument("folder", type=_FOLDER)
@click.option(
    "--kind",
    type=click.Choice(["compose", "kubernetes", "systemd", "models"]),
    default="compose",
    show_default=True,
    help="What starts the service; or models: what a vLLM server loads, base model and adapter.",
)
@click.pass_context
def deployment(ctx: click.Context, folder: Path, kind: str) -> None:
    """Write files that start API, workers, PostgreSQL and vLLM elsewhere into FOLDER, with passwords made just now.

    They are commented, and a README.md among them says what to do with them. Nothing that exists is overwritten.
    """
    from explainer.cli.deployment import deployment as run

    run(settings_of(ctx), folder, kind)


@main.command()
@click.option("--json", "out", type=_FILE, help="Also write what was found to this file.")
@click.pass_context
def engines(ctx: click.Context, out: Path | None) -> None:
    """Ask every server of EXPLAINER_OPENAI_URL what it serves, and for one sentence.

    Ends with 1 if one of them cannot be used.
    """
    from explainer.cli.engines import check

    if not check(settings_of(ctx), out):
        ctx.exit(1)


@main.command()
@click.argument("source")
@click.option("--with-erased", "erased", is_flag=True, help="Also take in people who were erased: they have come back.")
@click.pass_context
def ingest(ctx: click.Context, /, source: str, *, erased: bool) -> None:
    """Load a dataset into the database; a second time adds only what is new.

    SOURCE is the word ml-100k, a MovieLens csv, Amazon or MIND folder, or a folder with a dataset.toml. Behaviours of
    people who were erased are left out and counted.
    """
    from explainer.cli.steps import ingest as run

    run(settings_of(ctx), source, erased=erased)


@main.command()
@click.option("--recommender", default="hybrid", show_default=True, help="Which one; see: explainer evaluate.")
@click.option(
    "--config", type=_FILE, help="Settings as JSON, e.g. the config in a model.json; nothing is then chosen anew."
)
@click.pass_context
def fit(ctx: click.Context, recommender: str, config: Path | None) -> None:
    """Fit the recommender on what was ingested.

    The hybrid chooses its parts' settings and weights on validation users and states them in model.json.
    """
    from explainer.cli.steps import fit_and_save
    from retriever.recommenders.factory import config_from, config_named

    fit_and_save(settings_of(ctx), config_from(config) if config else config_named(recommender))


@main.command()
@click.option(
    "--user",
    required=True,
    callback=user_id,
    help="Whose recommendations. A user without behaviours gets cold-start texts.",
)
@click.option("--top", type=click.IntRange(1, 50), help="Explain the user's best items. [default: 3]")
@click.option("--item", "items", multiple=True, help="Explain this item instead; may be repeated.")
@click.option("--json", "out", type=_FILE, help="Also write what was stored to this file.")
@click.option("--svg", type=_FILE, help="Also draw each score as a waterfall: this file, or FILE-1.svg, FILE-2.svg …")
@_LOCALE
@_AUDIENCE
@click.pass_context
def explain(
    ctx: click.Context,
    /,
    user: str,
    top: int | None,
    items: tuple[str, ...],
    out: Path | None,
    svg: Path | None,
    **reader: str,
) -> None:
    """Recommend, explain, store, and print the sentences."""
    if items and top is not None:
        raise click.UsageError("Give --top or --item, not both.")
    from explainer.assembly import make_explainer
    from explainer.cli.report import explanations_table, write_json, write_pictures

    people_database(settings_of(ctx))
    with console.status("Loading models …"):
        explainer = make_explainer(settings_of(ctx))
    with console.status("Writing …"):
        style = Style(**reader)
        rows = explainer.explain_items(user, items, style) if items else explainer.explain_top(user, top or 3, style)
    console.print(explanations_table(rows))
    if out is not None:
        write_json(out, rows)
        errors.print(f"Wrote {out}", highlight=False)
    if svg is not None:
        for file in write_pictures(svg, rows, explainer.titles(user)):
            errors.print(f"Wrote {file}", highlight=False)


@main.command()
@click.option("--user", required=True, callback=user_id, help="Whose list.")
@click.option("--without", multiple=True, required=True, help="Id of a behaviour, or of an item; may be repeated.")
@click.option("--top", type=click.IntRange(1, 50), default=5, show_default=True, help="Length of the list.")
@_LOCALE
@_AUDIENCE
@click.pass_context
def preview(ctx: click.Context, /, user: str, without: tuple[str, ...], top: int, **reader: str) -> None:
    """Show what the list and its sentences would be without some behaviours. Nothing is stored."""
    from explainer.cli.preview import run

    run(settings_of(ctx), user, without, top, Style(**reader))


@main.command()
@click.option("--corpus", type=_FILE, help="Training corpus. [default: the one that ships with the package]")
@click.option("--out", type=_FOLDER, required=True, help="Folder for the adapter; a stopped run in it is continued.")
@click.option("--epochs", type=click.IntRange(min=1), help="Most passes over the corpus.")
@click.option("--patience", type=click.IntRange(min=1), help="Passes without a better one before training stops.")
@click.option("--learning-rate", type=click.FloatRange(min=0, min_open=True), help="Peak learning rate.")
@click.option("--rank", type=click.IntRange(min=1), help="LoRA rank.")
@click.option("--seed", type=int, help="Seed of everything random.")
@click.option("--base-model", help="Base model: smollm2, a GGUF file, a folder or a hub name.")
@click.pass_context
def tune(ctx: click.Context, /, corpus: Path | None, out: Path, **given: object) -> None:
    """Train the LoRA adapter that writes the sentences."""
    from explainer.cli.tuning import tune as run

    run(settings_of(ctx), corpus, out, {name: value for name, value in given.items() if value is not None})


@main.command()
@click.option("--adapter", type=_FOLDER, help="Folder of the LoRA adapter. [default: the one of the settings]")
@click.option("--out", type=_FILE, required=True, help="The GGUF file to write.")
@click.pass_context
def export(ctx: click.Context, adapter: Path | None, out: Path) -> None:
    """Merge adapter and base model into one GGUF file, for OpenVINO, llama.cpp and others.

    The base is EXPLAINER_BASE_MODEL. The service needs no export: it makes its own file when it first starts.
    """
    from explainer.cli.tuning import export as run

    run(settings_of(ctx), adapter, out)


@main.command()
@click.option("--file", "path", type=_FILE, help="Corpus to check. [default: the one that ships with the package]")
@_LOCALE
@click.option("--write-vocabulary", is_flag=True, help="Also rewrite the gate's vocabulary from the corpus.")
def corpus(path: Path | None, locale: str, *, write_vocabulary: bool) -> None:
    """Check that every sentence of the training corpus passes the gate."""
    from explainer.cli.tuning import check_corpus

    check_corpus(path, locale, write_vocabulary=write_vocabulary)


@main.command()
@click.option("--host", help="Address to serve on. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to serve on. [default: 8000]")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that serve. [default: one per core, up to 4]")
@click.pass_context
def serve(ctx: click.Context, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve API and page."""
    from explainer.server.run import run

    settings = settings_of(ctx)
    asked = {"host": host, "port": port, "workers": workers}
    given = {name: value for name, value in asked.items() if value is not None}
    run(settings.model_copy(update=given))


@main.command()
@click.option("--users", type=click.IntRange(1, 50), default=5, show_default=True, help="Users in the table.")
@click.option("--top", type=click.IntRange(1, 10), default=3, show_default=True, help="Films per user.")
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve when the table is printed.")
@click.pass_context
def demo(ctx: click.Context, users: int, top: int, *, serve: bool) -> None:
    """Everything at once on MovieLens 100K: ingest, fit, explain, print, serve."""
    from explainer.cli.demo import run

    run(settings_of(ctx), users=users, top=top, serve=serve)
