"""One door for every kind of dataset on disk."""

from __future__ import annotations

from pathlib import Path

from retriever.data import amazon, mind
from retriever.data.cleaning_report import CleaningReport
from retriever.data.folder import read_folder
from retriever.data.model import Dataset
from retriever.data.movielens import ml_100k_folder, read_ml_100k, read_movielens_csv
from retriever.data.screening import screen
from retriever.errors import DataError
from retriever.garbage import uncollected

ML_100K = "ml-100k"


def read_dataset(source: str | Path) -> tuple[Dataset, CleaningReport]:
    """Return the dataset at a path, cleaned and screened, and what that did; see :func:`read_unscreened`."""
    with uncollected():
        dataset, report = read_unscreened(source)
        return screen(dataset, report), report


def read_unscreened(source: str | Path) -> tuple[Dataset, CleaningReport]:
    """Return the dataset at a path and what the cleaning of its rows did, bots and repeats still in it.

    A catalogue without aspects gets key phrases.

    Args:
        source: A folder with ``dataset.toml``, a MovieLens csv folder, RecBole's ML-100K folder, an Amazon or a MIND
            folder, or the word ``ml-100k`` for the copy inside the installed ``recbole`` package.

    Raises:
        DataError: If there is no such folder, its kind is not known, or a table in it is unusable.
    """
    folder = ml_100k_folder() if str(source) == ML_100K else Path(source)
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder. Give a dataset folder, or the word {ML_100K}.")
    from retriever.data.phrases import with_phrases  # noqa: PLC0415  scikit-learn: only reading has to wait for it

    dataset, report = _read(folder)
    return with_phrases(dataset), report


def _read(folder: Path) -> tuple[Dataset, CleaningReport]:
    if (folder / "dataset.toml").is_file():
        return read_folder(folder)
    if (folder / "ml-100k.inter").is_file():
        return read_ml_100k(folder)
    if (folder / "movies.csv").is_file():
        return read_movielens_csv(folder)
    if (folder / amazon.HISTORIES).is_file():
        return amazon.read_amazon(folder)
    if (folder / mind.BEHAVIOURS).is_file() and (folder / mind.NEWS).is_file():
        return mind.read_mind(folder)
    raise DataError(
        f"{folder} is no dataset that we know: it has neither dataset.toml, nor ml-100k.inter (RecBole), "
        "nor movies.csv (MovieLens), nor histories.tsv (Amazon), nor behaviors.tsv and news.tsv (MIND)."
    )
