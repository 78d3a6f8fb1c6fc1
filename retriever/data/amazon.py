"""Reader for Amazon review histories with product titles, as sequential-recommendation papers pack them.

``items.tsv`` has ``item_id:token`` and ``title:token_seq``; ``histories.tsv`` has ``user_id:token``,
``item_id_list:token_seq`` (the history in order, separated by blanks) and ``item_id:token`` (the next item, which those
papers hold out; here it is what it is, the user's last behaviour).

The kind is ``review``. The source is Amazon's product *reviews* (McAuley et al., SIGIR 2015): each entry says that the
person reviewed the product and nothing else, neither that they bought it (reviewers need not have) nor what they
thought of it (this packing dropped the stars). So a text may say "you reviewed", and no more.

There are no times. A history keeps its order because unknown times are sorted by behaviour id, and the ids made here
are ``<user>:<position>`` with the position in six digits.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from pathlib import Path

from retriever.data.cleaning import Row, clean_behaviours, clean_items
from retriever.data.cleaning_report import CleaningReport
from retriever.data.model import BehaviourKind, Dataset, Item, ValueScale
from retriever.data.tables import read_table

ITEMS, HISTORIES = "items.tsv", "histories.tsv"


def read_amazon(folder: Path) -> tuple[Dataset, CleaningReport]:
    """Return the dataset of a folder with ``items.tsv`` and ``histories.tsv``.

    Raises:
        DataError: If a table is missing, empty or lacks a column.
    """
    report = CleaningReport()
    item_columns = {"id": "item_id:token", "title": "title:token_seq"}
    item_rows = read_table(folder / ITEMS, item_columns, frozenset(item_columns), quoted=False)
    items = clean_items(((row, _item(row)) for row in item_rows), report)
    columns = {"user": "user_id:token", "history": "item_id_list:token_seq", "next": "item_id:token"}
    rows = read_table(folder / HISTORIES, columns, frozenset(columns), quoted=False)
    scale = ValueScale()
    behaviours = clean_behaviours(_reviews(rows), items, scale, report, default_kind=BehaviourKind.REVIEW)
    return Dataset(folder.resolve().name, "shop", tuple(items), tuple(behaviours), scale), report


def _item(row: Row) -> Item | None:
    if row.fields is None:
        return None
    # Titles come as the web page had them: "Assassin&rsquo;s Creed".
    return Item(row.fields["id"].strip(), " ".join(html.unescape(row.fields["title"]).split()))


def _reviews(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield one row per review; a second one of the same product gets the id of the first, so it is a duplicate."""
    for row in rows:
        if row.fields is None:
            yield row
            continue
        user = row.fields["user"].strip()
        ids: dict[str, str] = {}
        for position, item in enumerate([*row.fields["history"].split(), row.fields["next"].strip()]):
            behaviour = ids.setdefault(item, f"{user}:{position:06d}")
            yield Row(row.place, {"id": behaviour, "user": user, "item": item})
