"""``explainer evaluate …``: how good recommendations and reasons are, measured."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from explainer.cli.common import settings_of, with_engine

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def evaluate() -> None:
    """How good it is, measured."""


@evaluate.command("recommender")
@click.option("--data", "sources", multiple=True, required=True, help="A dataset as in ingest; may be repeated.")
@click.option("--json", "out", type=_FILE, help="Write all measures to this file.")
@click.option("--plot", type=_FILE, help="Draw the comparison to this PNG.")
@click.option(
    "--split",
    "method",
    type=click.Choice(["leave-last", "time", "random"]),
    default="leave-last",
    show_default=True,
    help="What is held out: everybody's last behaviours, all after one moment, or any.",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.2,
    show_default=True,
    help="Held out.",
)
@click.option(
    "--users", type=click.IntRange(min=0), default=5000, show_default=True, help="Most people judged; 0: all."
)
@click.option("--seeds", type=click.IntRange(1, 20), default=1, show_default=True, help="Repeat what is random.")
@click.option("--peers/--no-peers", default=True, show_default=True, help="Also run implicit's and RecTools' own.")
@click.pass_context
def evaluate_recommender(
    ctx: click.Context,
    sources: tuple[str, ...],
    out: Path | None,
    plot: Path | None,
    method: str,
    share: float,
    users: int,
    seeds: int,
    *,
    peers: bool,
) -> None:
    """Compare all recommenders, and other people's, on the same held-out behaviours."""
    from explainer.cli.evaluate import evaluate_recommenders
    from retriever.data.splits import SplitConfig, SplitMethod
    from retriever.evaluation.compare import CompareConfig

    split = SplitConfig(method=SplitMethod(method), share=share)
    config = CompareConfig(split=split, max_users=users, seeds=seeds, peers=peers)
    evaluate_recommenders(settings_of(ctx), sources, config, out, plot)


@evaluate.command("attribution")
@click.option("--data", "source", required=True, help="A dataset as in ingest.")
@click.option("--recommender", default="hybrid", show_default=True, help="Whose rankings are explained.")
@click.option("--config", type=_FILE, help="The recommender's settings as JSON instead of its defaults.")
@click.option("--json", "out", type=_FILE, help="Write all measures to this file.")
@click.option("--plot", type=_FILE, help="Draw the deletion and insertion curves to this PNG.")
@click.option("--users", type=click.IntRange(min=1), default=200, show_default=True, help="Most people explained.")
@click.option("--seed", type=int, default=42, show_default=True, help="Of the split and all else random.")
@click.option("--peers/--no-peers", default=True, show_default=True, help="Also run LIME, SHAP, captum and implicit.")
@click.pass_context
def evaluate_attribution(
    ctx: click.Context,
    source: str,
    recommender: str,
    config: Path | None,
    out: Path | None,
    plot: Path | None,
    users: int,
    seed: int,
    *,
    peers: bool,
) -> None:
    """How faithful the reasons are: take away what a method calls important, and see whether the item falls.

    A fifth of the users are held out of the fit; their best unmet item is explained by every method.
    """
    from explainer.attribution.fidelity.config import FidelityConfig
    from explainer.cli.fidelity import evaluate_attribution as run
    from retriever.recommenders.factory import config_from, config_named

    chosen = config_from(config) if config else config_named(recommender)
    settings = FidelityConfig(recommender=chosen, max_users=users, seed=seed, peers=peers)
    run(settings_of(ctx), source, settings, out, plot)


@evaluate.command("gate")
@click.option("--locale", default="en", show_default=True, help="Language whose gate is tried.")
@click.option("--json", "out", type=_FILE, help="Write all measures to this file.")
@click.option("--cases", type=click.IntRange(min=20), default=10_000, show_default=True, help="About how many texts.")
@click.option("--seed", type=int, default=42, show_default=True, help="Of all that is random.")
def evaluate_gate(locale: str, out: Path | None, cases: int, seed: int) -> None:
    """What the gate lets through that it must not, and what it refuses that is true.

    True texts of the corpus are changed in one respect each, or the facts they rely on are, so that they are false.
    """
    from explainer.cli.gate import evaluate_gate as run

    run(locale, out, cases, seed)


@evaluate.command("writer")
@click.option("--data", "source", required=True, help="A dataset as in ingest.")
@click.option("--engine", help="Which engine writes. [default: as in EXPLAINER_ENGINE]")
@click.option("--recommender", default="ease", show_default=True, help="Whose rankings are explained.")
@click.option("--config", type=_FILE, help="The recommender's settings as JSON instead of its defaults.")
@click.option("--users", type=click.IntRange(min=1), default=610, show_default=True, help="Most users.")
@click.option("--top", type=click.IntRange(1, 50), default=5, show_default=True, help="Items of each.")
@click.option(
    "--audience", type=click.Choice(["customer", "support", "auditor"]), default="customer", show_default=True
)
@click.option("--json", "out", type=_FILE, help="Write all measures and texts to this file.")
@click.pass_context
def evaluate_writer(
    ctx: click.Context,
    source: str,
    engine: str | None,
    recommender: str,
    config: Path | None,
    users: int,
    top: int,
    audience: str,
    out: Path | None,
) -> None:
    """How the writer does on real evidence: drafts that pass the gate, variety, speed."""
    from explainer.cli.writer import evaluate_writer as run
    from explainer.tuning.evaluation.people import Asked
    from explainer.writing.style import Style
    from retriever.recommenders.factory import config_from, config_named

    settings = settings_of(ctx)
    if engine is not None:
        settings = with_engine(settings, engine)
    chosen = config_from(config) if config else config_named(recommender)
    run(settings, source, Asked(chosen, users, top), Style("en", audience), out)


@evaluate.command("firewall")
@click.option("--labelled", type=_FILE, help="Titles of your own, one JSON record a line. [default: those shipped]")
@click.option("--json", "out", type=_FILE, help="Write all measures to this file.")
@click.option("--save", is_flag=True, help="Keep the thresholds beside the lists, where they come into force.")
@click.pass_context
def evaluate_firewall(ctx: click.Context, labelled: Path | None, out: Path | None, *, save: bool) -> None:
    """What the sensitive firewall finds of what people labelled as private, and what it finds besides.

    Thresholds are chosen on half of the titles, those which do best there; figures are of both halves.
    """
    from explainer.cli.firewall import evaluate_firewall as run

    run(settings_of(ctx), labelled, out, save=save)
