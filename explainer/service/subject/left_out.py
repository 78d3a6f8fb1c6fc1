"""People who were erased are not brought back by what is loaded or sent again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.erase import Erasing
from explainer.storage.catalogue import dataset_row
from explainer.storage.catalogue_tables import BehaviourRow
from explainer.storage.erasing import keep_all_from_erasure
from explainer.storage.removal_tables import ErasureRow
from retriever.data import CleaningReport, Dataset
from retriever.data.cleaning_report import DropReason

_TABLE = "behaviours"
_CHUNK = 500


def without_erased(session: Session, dataset: Dataset, report: CleaningReport, erasing: Erasing) -> Dataset:
    """Return a dataset without the behaviours of people who were erased, which the report then counts.

    Args:
        session: Open session.
        dataset: As it was read.
        report: Of its reading.
        erasing: Key and list.

    Raises:
        ErasureError: If the list cannot be read.
    """
    erased = _erased_in(session, dataset, erasing)
    kept = tuple(one for one in dataset.behaviours if one.user not in erased)
    _count(report, len(dataset.behaviours) - len(kept))
    return replace(dataset, behaviours=kept) if erased else dataset


def take_out_erased(session: Session, dataset: Dataset, report: CleaningReport, erasing: Erasing) -> int:
    """Remove what was loaded of people who were erased while it was; return how many behaviours that were.

    The last thing in the load's transaction: nobody is erased from here on to its end, and who is then is found.

    Args:
        session: The load's.
        dataset: What was loaded.
        report: Of its reading; stored anew where it changes.
        erasing: Key and list.

    Raises:
        ErasureError: If the list cannot be read.
    """
    keep_all_from_erasure(session)
    erased = _erased_in(session, dataset, erasing)
    ids = [one.id for one in dataset.behaviours if one.user in erased]
    for start in range(0, len(ids), _CHUNK):
        session.execute(delete(BehaviourRow).where(BehaviourRow.id.in_(ids[start : start + _CHUNK])))
    if ids:
        _count(report, len(ids))
        dataset_row(session).cleaning_report = report.as_dict()
    return len(ids)


def erased_since(session: Session, key: ErasureKey, users: Collection[str]) -> Mapping[str, datetime]:
    """Return when those of these users who were erased asked for it last."""
    if session.scalar(select(ErasureRow.id).limit(1)) is None:
        return {}
    codes = {key.code(user): user for user in sorted(users)}
    asked = list(codes)
    found: dict[str, datetime] = {}
    for start in range(0, len(asked), _CHUNK):
        mine = ErasureRow.code.in_(asked[start : start + _CHUNK])
        query = select(ErasureRow.code, func.max(ErasureRow.requested_at)).where(mine).group_by(ErasureRow.code)
        found |= {codes[code]: at for code, at in session.execute(query)}
    return found


def _erased_in(session: Session, dataset: Dataset, erasing: Erasing) -> set[str]:
    """Return whom the database knows to be erased, or the list alone: it is restored, or they wait for us."""
    users = {one.user for one in dataset.behaviours}
    listed = {line.code for line in erasing.list.lines()}
    found = {user for user in users if erasing.key.code(user) in listed} if listed else set()
    return found | erased_since(session, erasing.key, users - found).keys()


def _count(report: CleaningReport, gone: int) -> None:
    if gone:
        report.kept[_TABLE] -= gone
        report.drop(_TABLE, DropReason.ERASED, "no place is named", gone)
