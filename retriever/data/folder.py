"""The project's own dataset folder: ``dataset.toml`` beside ``items`` and ``behaviours`` as CSV, JSONL or Parquet.

.. code-block:: toml

    name = "my-shop"
    domain = "shop"                 # video, shop, content, social or news
    kind = "purchase"               # for behaviours that name no kind of their own
    scale = { low = 1, high = 5 }   # of the ratings, when there are any

    [columns.items]                 # our name = your column; leave out what you named as we do
    id = "sku"
    title = "product_name"
    aspects = "categories"          # several aspects are separated by "|"
    creator = "brand"               # who made it: director, author, brand

    [columns.behaviours]
    user = "customer"
    item = "sku"

    [cleaning]                      # limits of the screening, see ScreeningConfig; leave out for the defaults
    count_floor = 1000
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from retriever.data.cleaning import Row, clean_behaviours, clean_items, tidy_item
from retriever.data.cleaning_report import CleaningReport
from retriever.data.model import BehaviourKind, Dataset, Item, ValueScale
from retriever.data.screening_config import ScreeningConfig
from retriever.data.tables import SUFFIXES, read_table
from retriever.errors import DataError

_ITEM_FIELDS = ("id", "title", "aspects", "year", "text", "creator")
_BEHAVIOUR_FIELDS = ("id", "user", "item", "kind", "value", "time")
DOMAINS = ("video", "shop", "content", "social", "news")


class _Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    low: float = 1.0
    high: float = 5.0


class _Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: dict[str, str] = {}
    behaviours: dict[str, str] = {}


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    domain: str = "content"
    kind: BehaviourKind | None = None
    scale: _Scale = _Scale()
    columns: _Columns = _Columns()
    cleaning: ScreeningConfig = ScreeningConfig()


def read_folder(folder: Path) -> tuple[Dataset, CleaningReport]:
    """Return the dataset of a folder with a ``dataset.toml``.

    Raises:
        DataError: If the settings or a table are missing or wrong; the message names file and column.
    """
    settings = _settings(folder / "dataset.toml")
    report = CleaningReport(screening=settings.cleaning)
    item_columns = _column_map(settings.columns.items, _ITEM_FIELDS, folder / "dataset.toml")
    item_rows = read_table(_table(folder, "items"), item_columns, frozenset({"id", "title"}))
    items = clean_items(((row, _item(row)) for row in item_rows), report)
    columns = _column_map(settings.columns.behaviours, _BEHAVIOUR_FIELDS, folder / "dataset.toml")
    required = {"user", "item"} | ({"kind"} if settings.kind is None else set())
    rows = read_table(_table(folder, "behaviours"), columns, frozenset(required))
    scale = ValueScale(settings.scale.low, settings.scale.high)
    behaviours = clean_behaviours(rows, items, scale, report, default_kind=settings.kind)
    return Dataset(settings.name, settings.domain, tuple(items), tuple(behaviours), scale), report


def _settings(path: Path) -> _Settings:
    try:
        settings = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Settings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise DataError(f"{path}: {error}.") from error
    if settings.domain not in DOMAINS:
        raise DataError(f"{path}: domain is {settings.domain!r}; it must be one of {', '.join(DOMAINS)}.")
    if not settings.scale.low < settings.scale.high:
        raise DataError(f"{path}: scale.low must be below scale.high.")
    return settings


def _column_map(given: dict[str, str], fields: tuple[str, ...], path: Path) -> dict[str, str]:
    if unknown := set(given) - set(fields):
        raise DataError(f"{path}: unknown column name(s) {', '.join(sorted(unknown))}; known: {', '.join(fields)}.")
    return {field: given.get(field, field) for field in fields}


def _table(folder: Path, stem: str) -> Path:
    found = [folder / f"{stem}{suffix}" for suffix in SUFFIXES if (folder / f"{stem}{suffix}").is_file()]
    if len(found) != 1:
        names = ", ".join(f"{stem}{suffix}" for suffix in SUFFIXES)
        raise DataError(f"{folder} must hold exactly one of {names}; it holds {len(found)}.")
    return found[0]


def _item(row: Row) -> Item | None:
    if row.fields is None:
        return None
    fields = row.fields
    year = fields.get("year", "").strip().removesuffix(".0")
    return tidy_item(
        fields["id"],
        fields["title"],
        fields.get("aspects", "").split("|"),
        int(year) if year.isdecimal() else None,
        fields.get("text", ""),
        fields.get("creator", ""),
    )
