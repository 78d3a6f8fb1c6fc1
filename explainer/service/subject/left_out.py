"""People who were erased are not brought back by the next full load of everything."""

from __future__ import annotations

from dataclasses import replace

from explainer.service.subject.erase import Erasing
from retriever.data import CleaningReport, Dataset
from retriever.data.cleaning import DropReason

_TABLE = "behaviours"


def without_erased(dataset: Dataset, report: CleaningReport, erasing: Erasing) -> Dataset:
    """Return a dataset without the behaviours of people on the erasure list, which the report then counts.

    Args:
        dataset: As it was read.
        report: Of its reading.
        erasing: Key and list.

    Raises:
        ErasureError: If the list cannot be read.
    """
    codes = {line.code for line in erasing.list.lines()}
    if not codes:
        return dataset
    erased = {user for user in {one.user for one in dataset.behaviours} if erasing.key.code(user) in codes}
    kept = tuple(one for one in dataset.behaviours if one.user not in erased)
    gone = len(dataset.behaviours) - len(kept)
    if gone:
        report.kept[_TABLE] -= gone
        report.drop(_TABLE, DropReason.ERASED, "no place is named", gone)
    return replace(dataset, behaviours=kept)
