"""A home that ``explainer serve`` can serve: database, catalogue, model."""

from __future__ import annotations

from explainer.storage import catalogue
from explainer.storage.database import Database
from retriever.data import CleaningReport


def make_home(home, dataset, model, url=None):
    """Fill a folder, and the database at ``url`` or in it; return the database."""
    database = Database(url or f"sqlite:///{home / 'explainer.db'}")
    database.migrate()
    with database.session() as session:
        catalogue.ingest(session, dataset, CleaningReport(), lambda _: None)
    model.save(home / "models")
    return database
