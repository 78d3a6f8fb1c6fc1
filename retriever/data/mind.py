"""Reader for MIND, Microsoft's news clicks (Wu et al., "MIND: A Large-scale Dataset for News Recommendation", 2020).

``news.tsv`` has id, category, subcategory, title, abstract, url and two lists of entities; ``behaviors.tsv`` has
impression id, user, time, the user's earlier clicks in order, and what was shown, ``N123-1`` if clicked; neither has a
header. MIND may be used for research only, and not redistributed.

The kind is ``click``: MIND logged that a story was opened, not whether it was read. Earlier clicks have no time of
their own and are repeated with every impression of the user: each (user, story) becomes one behaviour, the first time
it is met, with the id ``<user>:<position>``, so that ids sort as the clicks came; repeats are counted as duplicates. A
click in an impression has the impression's time. MIND does not say in which zone: it is taken as UTC. What was shown
and not clicked is no behaviour. In samples of MIND most clicked stories are missing; such clicks are counted as
unknown items.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from retriever.data.categories import CategoryNames
from retriever.data.cleaning import Row, clean_behaviours, clean_items
from retriever.data.cleaning_report import CleaningReport
from retriever.data.model import BehaviourKind, Dataset, Item, ValueScale
from retriever.data.tables import read_table

NEWS, BEHAVIOURS = "news.tsv", "behaviors.tsv"
_NEWS_HEADER = ("id", "category", "subcategory", "title", "text", "url", "title_entities", "text_entities")
_BEHAVIOURS_HEADER = ("impression", "user", "time", "history", "shown")
_TIME_FORM = "%m/%d/%Y %I:%M:%S %p"


def read_mind(folder: Path) -> tuple[Dataset, CleaningReport]:
    """Return the dataset of a folder with ``news.tsv`` and ``behaviors.tsv``.

    Raises:
        DataError: If a table is missing or empty.
    """
    report = CleaningReport()
    same = {name: name for name in _NEWS_HEADER[:5]}
    rows = list(read_table(folder / NEWS, same, frozenset(same), quoted=False, header=_NEWS_HEADER))
    usable = [row.fields for row in rows if row.fields is not None]
    names = CategoryNames((f"{f['title']} {f['text']}" for f in usable), (f["category"] for f in usable))
    items = clean_items(((row, _item(row, names)) for row in rows), report)
    same = {name: name for name in _BEHAVIOURS_HEADER}
    impressions = read_table(folder / BEHAVIOURS, same, frozenset(same), quoted=False, header=_BEHAVIOURS_HEADER)
    scale = ValueScale()
    behaviours = clean_behaviours(_clicks(impressions), items, scale, report, default_kind=BehaviourKind.CLICK)
    return Dataset(folder.resolve().name, "news", tuple(items), tuple(behaviours), scale), report


def _item(row: Row, names: CategoryNames) -> Item | None:
    if row.fields is None:
        return None
    fields = row.fields
    return Item(
        id=fields["id"].strip(),
        title=" ".join(fields["title"].split()),
        aspects=names.aspects(fields["category"], fields["subcategory"]),
        text=" ".join(fields["text"].split()),
    )


def _clicks(impressions: Iterable[Row]) -> Iterator[Row]:
    earlier: dict[str, dict[str, str]] = {}
    for row in impressions:
        if row.fields is None:
            yield row
            continue
        user = row.fields["user"].strip()
        ids = earlier.setdefault(user, {})
        for item in row.fields["history"].split():
            behaviour = ids.setdefault(item, f"{user}:{len(ids):06d}")
            yield Row(row.place, {"id": behaviour, "user": user, "item": item})
        moment = _seconds(row.fields["time"])
        for shown in row.fields["shown"].split():
            item, dash, clicked = shown.rpartition("-")
            if not dash or clicked not in {"0", "1"}:
                yield Row(row.place, None)
            elif clicked == "1":
                yield Row(row.place, {"user": user, "item": item, "time": moment})


def _seconds(text: str) -> str:
    """Return Unix seconds, or the text itself, which the cleaning then counts as an impossible time."""
    try:
        return str(datetime.strptime(text.strip(), _TIME_FORM).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return text or "none"
