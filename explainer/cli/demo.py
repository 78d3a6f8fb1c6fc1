"""The demo: MovieLens 100K from file to sentence, then a service."""

from __future__ import annotations

import secrets
import socket
import time
from contextlib import ExitStack
from datetime import timedelta

from explainer.access import DEMO, Role
from explainer.access.keys import create_key, revoke_key
from explainer.access.people import add_person, forget_person
from explainer.assembly import make_explainer, make_served_explainer
from explainer.cli.common import console, people_database
from explainer.cli.report import explanations_table
from explainer.cli.steps import fit_and_save, ingest
from explainer.pipeline import Explainer
from explainer.settings import Settings
from explainer.storage import catalogue
from explainer.storage.database import Database
from explainer.storage.explanation_tables import ExplanationRow
from retriever.data.sources import ML_100K
from retriever.errors import ModelFileError
from retriever.recommenders.learning import HybridConfig
from retriever.store import load_model

# Should the demo be killed, its key ends by itself.
_DEMO_LASTS = timedelta(hours=12)


def run(settings: Settings, *, users: int, top: int, serve: bool) -> None:
    """Ingest, fit, explain, print, and serve if asked to.

    Raises:
        SettingsError: If it is to serve on a port that cannot be had.
    """
    with ExitStack() as stack:
        listener = None
        if serve:
            from explainer.server.listening import listening

            listener = stack.enter_context(listening(settings.host, settings.port))
        _run(settings, users, top, listener)


def _run(settings: Settings, users: int, top: int, listener: socket.socket | None) -> None:
    start = time.perf_counter()
    database = Database(settings.url)
    database.migrate()
    ingest(settings, ML_100K)
    people_database(settings)
    with database.session() as session:
        data_hash = catalogue.load_dataset(session).content_hash
    _fit_if_needed(settings, data_hash)
    with console.status("Loading the language model …"):
        explainer = (make_served_explainer if listener else make_explainer)(settings)
    with database.session() as session:
        everyone = [user for user, _ in catalogue.users(session, 1_000_000)]
    # Evenly spaced from the most to the least active, so that long and short histories are seen.
    chosen = [everyone[(2 * n + 1) * len(everyone) // (2 * users)] for n in range(min(users, len(everyone)))]
    with console.status("Explaining …"):
        rows = [row for user in chosen for row in explainer.explain_top(user, top, reuse=True)]
    console.print(explanations_table(rows))
    _print_summary(rows, time.perf_counter() - start)
    if listener is not None:
        _serve(settings, database, explainer, chosen[0], listener)


def _fit_if_needed(settings: Settings, data_hash: str) -> None:
    config = HybridConfig()
    try:
        if load_model(settings.models, data_hash).requested == config:
            console.print("The recommender is fitted already.")
            return
    except ModelFileError:
        pass  # the usual case: this is the first run, or the data were others
    fit_and_save(settings, config)


def _print_summary(rows: list[ExplanationRow], seconds: float) -> None:
    by_model = sum(row.source == "model" for row in rows)
    console.print(
        f"{len(rows)} explanations, {by_model} written by the model; {seconds:.0f} s to here.",
        highlight=False,
    )


def _serve(settings: Settings, database: Database, explainer: Explainer, user: str, listener: socket.socket) -> None:
    from explainer.server.run import serve_app

    password = secrets.token_urlsafe(12)
    with database.session() as session:
        key = create_key(session, DEMO, lifetime=_DEMO_LASTS)
        forget_person(session, DEMO)
        add_person(session, DEMO, Role.ADMIN, password)
    address = f"http://{settings.host}:{settings.port}"
    console.print(f"\nPage: [b]{address}/?user={user}[/b]   API: {address}/schema   (Ctrl-C stops)", highlight=False)
    console.print(f"Sign in as [b]{DEMO}[/b] with [b]{password}[/b]", highlight=False, soft_wrap=True)
    console.print(f"API key: [b]{key}[/b]", highlight=False, soft_wrap=True)
    try:
        serve_app(settings, explainer, listener, "plain")
    finally:
        with database.session() as session:
            forget_person(session, DEMO)
            revoke_key(session, DEMO)
