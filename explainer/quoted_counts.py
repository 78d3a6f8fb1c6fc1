"""Counts that a reason may quote: how many people liked something, or bought it, or read it, and how many of both."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session

from explainer.errors import BusyError, ConflictError
from explainer.storage.catalogue import counted_kinds, load_dataset
from explainer.storage.database import Database
from retriever.statistics import PeopleCounts, counts_by_kind
from retriever.store import FittedModel

_log = logging.getLogger(__name__)


def people_of(database: Database, model: FittedModel) -> PeopleCounts:
    """Return the counts from a replica; from the primary if that ends while it is read.

    Args:
        database: Has the behaviours.
        model: Has counted likes at its fit.
    """
    try:
        with database.look_about() as connection, Session(connection) as session:
            return _people(session, model)
    except (BusyError, ConflictError) as error:
        _log.warning("The counts are read from the primary: %s", error)
    with database.look() as connection, Session(connection) as session:
        return _people(session, model)


def _people(session: Session, model: FittedModel) -> PeopleCounts:
    kinds = counted_kinds(session)
    if len(kinds) <= 1:
        return dict.fromkeys(kinds, model.counts)  # one kind only: the model has counted just that
    scale = model.recommender.scale
    return counts_by_kind(model.recommender.catalogue, load_dataset(session).behaviours, scale)
