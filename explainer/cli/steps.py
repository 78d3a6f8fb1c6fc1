"""The steps that commands and the demo share."""

from __future__ import annotations

import uuid
from pathlib import Path

from rich.markup import escape
from sqlalchemy.orm import Session

from explainer.assembly import make_encoder, make_firewall, make_items_index
from explainer.audit import log
from explainer.audit.staff import on_record
from explainer.cli.common import console, people_database, progress_bar, stages
from explainer.fitting import load_to_fit, note_fit
from explainer.judging import judge_catalogue
from explainer.operator import operator
from explainer.service.subject.erase import Erasing
from explainer.service.subject.left_out import take_out_erased, without_erased
from explainer.service.subject.shared import require_shared_key, warn_of_another_list
from explainer.settings import Settings
from explainer.storage import catalogue
from explainer.storage.database import Database
from retriever.data import CleaningReport, Dataset, read_dataset
from retriever.data.cleaning_report import ReportLine
from retriever.fit import fit
from retriever.garbage import uncollected
from retriever.recommenders.factory import AnyConfig
from retriever.store import FittedModel
from retriever.workspace import Workspace

LOADED, LOADED_ERASED = "dataset.loaded", "dataset.loaded_with_erased"
"""Audit events: that a dataset was taken in; and that people who were erased were, too, where it has some."""


@uncollected()
def ingest(settings: Settings, source: str, *, erased: bool = False) -> None:
    """Read a dataset and write it to the database.

    Args:
        settings: Which database.
        source: What to read.
        erased: Whether to take in people who were erased, too: they have come back.

    Raises:
        ErasureError: If others use another key with this database, so that nobody would be recognised here.
    """
    with console.status(f"Reading {source} …"):
        dataset, report = read_dataset(source)
    database = Database(settings.url)
    database.migrate()
    erasing = None if erased else Erasing.of(settings)
    if erasing is not None:
        require_shared_key(database, erasing.list)
        with database.session() as session:
            warn_of_another_list(session, erasing.list)
            with console.status("Leaving out who was erased …"):
                dataset = without_erased(session, dataset, report, erasing)
    total = len(dataset.items) + len(dataset.behaviours)
    done = 0
    with progress_bar("Ingesting", total) as show, database.session() as session:

        def advance(rows: int) -> None:
            nonlocal done
            done += rows
            show(done, total)

        items, behaviours = catalogue.ingest(session, dataset, report, advance)
        if erasing is not None:
            behaviours -= take_out_erased(session, dataset, report, erasing)
        if items or behaviours:
            _note_load(session, dataset, items, behaviours, LOADED if erasing is not None else LOADED_ERASED)
    _print_report(report)
    console.print(f"[b]{escape(dataset.name)}[/b]: {items} new items, {behaviours} new behaviours.", highlight=False)


def _note_load(session: Session, dataset: Dataset, items: int, behaviours: int, event: str) -> None:
    load, who = str(uuid.uuid4()), on_record(session, operator())
    record = {"id": load, "by": who, "data": dataset.content_hash, "items": items, "behaviours": behaviours}
    log.append(session, event, load, record)


def _print_report(report: CleaningReport) -> None:
    for table in report.read:
        console.print(f"{table}: {report.read[table]} read, {report.kept[table]} kept.", highlight=False)
    for line in report.dropped_lines():
        _print_line(line, "dropped,", "yellow")
    for line in report.flagged_lines():
        _print_line(line, "kept, but", "dim")


def _print_line(line: ReportLine, what: str, style: str) -> None:
    why = escape(f"{what} {line.reason} (e.g. {', '.join(line.examples)})")
    console.print(f"  {line.table}: {line.rows} {why}", style=style, highlight=False)


def fit_and_save(settings: Settings, config: AnyConfig) -> Path:
    """Fit the recommender on the database's dataset and save it.

    Raises:
        ConflictError: If somebody was erased meanwhile.
    """
    database = people_database(settings)
    with console.status("Loading behaviours …"), database.session() as session:
        dataset, erased = load_to_fit(session)
    with stages() as show:
        model = fit(dataset, make_encoder(settings), config, Workspace(settings.models / "training", show))
    note_fit(database, model, erased)
    folder = model.save(settings.models)
    with console.status("Storing embeddings …"):
        make_items_index(settings, database, model)
    judge_catalogue(database, make_firewall(settings))
    console.print(f"Fitted [b]{model.recommender.name}[/b] on {len(dataset.items)} items: {folder}", highlight=False)
    _print_parts(model)
    return folder


def _print_parts(model: FittedModel) -> None:
    """Say what the fit found out on validation, for recommenders that have something to say."""
    reached = ", ".join(f"{name} {quality:.3f}" for name, quality in model.recommender.metrics.items())
    if reached:
        console.print(f"Mean of NDCG@10 and Recall@20 on validation: {reached}", highlight=False)
