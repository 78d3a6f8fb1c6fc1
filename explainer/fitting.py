"""A fit on record: whoever is erased learns of every recommender that may have been fitted with what they did."""

from __future__ import annotations

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.errors import ConflictError
from explainer.storage import catalogue
from explainer.storage.database import Database
from explainer.storage.removal_tables import ErasureRow
from explainer.storage.versions import note_model
from retriever.data import Dataset
from retriever.store import FittedModel


def load_to_fit(session: Session) -> tuple[Dataset, frozenset[str]]:
    """Return the dataset, and the erasures so far: :func:`note_fit` asks for those that came since."""
    erased = frozenset(session.scalars(select(ErasureRow.id)))
    return catalogue.load_dataset(session), erased


def note_fit(database: Database, model: FittedModel, erased: frozenset[str]) -> None:
    """Write a fitted recommender down before it is saved.

    Args:
        database: Whose behaviours it was fitted with.
        model: The recommender.
        erased: The erasures before these were read.

    Raises:
        ConflictError: If somebody was erased while it was fitted: their receipt does not name it.
    """
    with database.writing() as session:
        note_recommender(session, model)
        log.take_turn(session)  # an erasure takes one, too: it is here by now, or finds what is written here
        late = len(set(session.scalars(select(ErasureRow.id))) - erased)
        if late:
            people = "1 person was" if late == 1 else f"{late} people were"
            raise ConflictError(
                f"{people} erased while the recommender was fitted, with what they did. Nothing was saved; fit again: "
                "explainer fit"
            )


def note_recommender(session: Session, model: FittedModel) -> None:
    """Write down which recommender it is, unless that is known."""
    config = msgspec.to_builtins(model.recommender.config)
    details = {"config": config, "data_hash": model.data_hash, "encoder": model.encoder}
    note_model(session, model.version, "recommender", model.recommender.name, details)
