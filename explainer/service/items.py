"""Items that come or change while the service runs: stored row by row, recommendable at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from sqlalchemy.orm import Session

from explainer.judging import Stored
from explainer.service.batches import (
    BatchResult,
    RowRefusedError,
    Sorted,
    note_batch,
    read_row,
    require_printable,
    stored,
)
from explainer.service.live import NEXT_FIT, Live
from explainer.storage.additions import Change, put_items
from retriever.data import Item
from retriever.data.cleaning import LONGEST_ID, Row, RowError, clean_item, tidy_item
from retriever.data.cleaning_report import DropReason

MAX_TITLE, MAX_TEXT = 500, 20_000
_Short = Annotated[str, msgspec.Meta(max_length=200)]
_FIXES = {
    DropReason.NO_ID: "id is blank: give the item's id.",
    DropReason.EMPTY_TITLE: "title is blank: give what people call the item.",
    DropReason.WRONG_ENCODING: "It holds U+FFFD, which stands for bytes that could not be read: send UTF-8.",
    DropReason.LONG_ID: f"An id has {LONGEST_ID} characters at most.",
}


class ItemRowIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One item.

    Attributes:
        id: Identifier, unique in the catalogue.
        title: What people call it.
        aspects: Short terms that describe it (genre, category, tag), most telling first.
        year: Year of release.
        text: Free description.
        creator: Who made it (director, author, artist, brand).
    """

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TITLE)]
    aspects: Annotated[tuple[_Short, ...], msgspec.Meta(max_length=50)] = ()
    year: Annotated[int, msgspec.Meta(ge=1, le=9999)] | None = None
    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)] = ""
    creator: _Short = ""


def store_items(live: Live, rows: Sequence[object], by: str) -> BatchResult:
    """Store a batch of items and make the new ones recommendable in this process.

    What changes on an item that the recommender was fitted on counts after the next fit: its reasons must be those of
    what it learnt from.

    Args:
        live: What serves, and is told of new items.
        rows: As they came, each of whatever shape.
        by: Name of the key or person who sent them.

    Raises:
        ConflictError: If others keep adding items at the same moment.
    """
    batch = Sorted(rows, _read, lambda item: item.id)
    items = list(batch.things.values())
    judging = Stored(live.explainer.firewall, items)

    def store(session: Session) -> Mapping[str, Change]:
        changes = put_items(session, items)
        new = [item for item in items if changes[item.id] is not Change.UNCHANGED]
        if new:
            judging.judge(session, [item.id for item in new])
            note_batch(session, "items.stored", by, new)
        return changes

    def detail(item: str, change: Change) -> str | None:
        if change is not Change.UPDATED or not live.knows_as_fitted(item):
            return None
        return f"Stored; it is recommended and explained as it was described {NEXT_FIT}."

    with live.changing:
        changes = stored(live.explainer.database, store)
        note = live.catch_up()
    return BatchResult(batch.results(changes, detail), note)


def _read(row: object) -> Item:
    given = read_row(row, ItemRowIn)
    item = tidy_item(given.id, given.title, given.aspects, given.year, given.text, given.creator)
    aspects = "|".join(item.aspects)
    fields = {"id": item.id, "title": item.title, "aspects": aspects, "creator": item.creator}
    require_printable({**fields, "text": "".join(item.text.split())}, given.id)
    try:
        return clean_item(Row("", {**fields, "text": item.text}), item)
    except RowError as error:
        raise RowRefusedError(_FIXES[error.reason], given.id) from error
