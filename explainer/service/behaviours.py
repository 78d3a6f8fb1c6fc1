"""What people did, as it happens: stored row by row, in their histories at once, and read back newest first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from sqlalchemy.orm import Session

from explainer.pipeline import Explainer
from explainer.service.batches import (
    BatchResult,
    RowRefusedError,
    Sorted,
    note_batch,
    read_row,
    require_printable,
    stored,
)
from explainer.service.subject.codes import ErasureKey
from explainer.service.subject.left_out import erased_since
from explainer.storage.additions import Change, items_among, put_behaviours
from explainer.storage.behaviours import Met, list_behaviours
from explainer.storage.erasing import keep_from_erasure
from retriever.data import Behaviour, BehaviourKind, Polarity, ValueScale
from retriever.data.cleaning import LONGEST_ID, Row, RowError, clean_behaviour, latest_time
from retriever.data.cleaning_report import DropReason

_Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ID)]
_DETAILS = {
    Change.CONFLICT: "The id is that of another behaviour: leave it out, or give one of its own.",
    Change.ERASED: "Its user was erased after this time: send only what they did since.",
}


class Opinion(StrEnum):
    """What a behaviour says of its item."""

    LIKED = "liked"
    NEUTRAL = "neutral"
    DISLIKED = "disliked"


_OPINIONS = {
    Polarity.POSITIVE: Opinion.LIKED,
    Polarity.NEUTRAL: Opinion.NEUTRAL,
    Polarity.NEGATIVE: Opinion.DISLIKED,
}


class BehaviourRowIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that somebody did with an item.

    Attributes:
        user: Who.
        item: Id of the item.
        kind: What they did.
        id: Its own id; made from the other fields where there is none.
        time: Unix time in seconds (UTC).
        value: A rating, on the dataset's scale.
    """

    user: _Identifier
    item: _Identifier
    kind: Annotated[str, msgspec.Meta(extra_json_schema={"enum": [kind.value for kind in BehaviourKind]})]
    id: _Identifier | None = None
    time: Annotated[int, msgspec.Meta(le=2**63 - 1)] | None = None
    value: float | None = None


class BehaviourView(msgspec.Struct, frozen=True):
    """One behaviour of a user.

    Attributes:
        id: Its id: what an exclusion names it by.
        item: Id of its item.
        title: The item's title.
        kind: What was done.
        value: The rating, where there is one.
        time: Unix time in seconds (UTC), where it is known.
        polarity: What it says of the item.
        excluded: Whether its user does not want it to be used.
    """

    id: str
    item: str
    title: str
    kind: BehaviourKind
    value: float | None
    time: int | None
    polarity: Opinion
    excluded: bool


class BehaviourPage(msgspec.Struct, frozen=True):
    """Some of a user's behaviours, newest first; ``next`` is the cursor of the following page, None after the last."""

    user: str
    behaviours: list[BehaviourView]
    next: str | None


def behaviours_of(explainer: Explainer, user: str, limit: int, cursor: str | None = None) -> BehaviourPage:
    """Return a page of a user's behaviours; a user we never met has none.

    Raises:
        CursorError: If the cursor is none of ours, or of another list.
    """
    with explainer.database.session() as session:
        page, following = list_behaviours(session, user, limit, cursor)
    scale = explainer.model.recommender.scale
    return BehaviourPage(user, [_view(met, scale) for met in page], following)


def _view(met: Met, scale: ValueScale) -> BehaviourView:
    b = met.behaviour
    return BehaviourView(b.id, b.item, met.title, b.kind, b.value, b.time, _OPINIONS[scale.polarity(b)], met.excluded)


def store_behaviours(explainer: Explainer, rows: Sequence[object], by: str, key: ErasureKey) -> BatchResult:
    """Store a batch of behaviours; each is in its user's history when this returns.

    What somebody did before they were erased is refused, where its time is told.

    Args:
        explainer: The pipeline.
        rows: As they came, each of whatever shape.
        by: Name of the key or person who sent them.
        key: Recognises who was erased.

    Raises:
        ConflictError: If others keep storing the same behaviours at the same moment.
    """
    with explainer.database.session() as session:
        known = items_among(session, _named_items(rows))
    scale, latest = explainer.model.recommender.scale, latest_time()
    batch = Sorted(rows, lambda row: _read(row, known, scale, latest), lambda behaviour: behaviour.id)
    behaviours = list(batch.things.values())

    def store(session: Session) -> Mapping[str, Change]:
        users = {behaviour.user for behaviour in behaviours}
        keep_from_erasure(session, users)
        erased = erased_since(session, key, users)
        late = {behaviour.id: Change.ERASED for behaviour in behaviours if _is_late(behaviour, erased)}
        changes = put_behaviours(session, [one for one in behaviours if one.id not in late]) | late
        new = [behaviour for behaviour in behaviours if changes[behaviour.id] is Change.CREATED]
        if new:
            note_batch(session, "behaviours.stored", by, new, {behaviour.user for behaviour in new})
        return changes

    changes = stored(explainer.database, store)
    late = sum(change is Change.ERASED for change in changes.values())
    note = f"{late} are from before their user was erased, and are not stored." if late else None
    return BatchResult(batch.results(changes, lambda _, change: _DETAILS.get(change)), note)


def _is_late(behaviour: Behaviour, erased: Mapping[str, datetime]) -> bool:
    """Return whether somebody did this before they were erased; times are in whole seconds."""
    at = erased.get(behaviour.user)
    return at is not None and behaviour.time is not None and behaviour.time < int(at.timestamp())


def _named_items(rows: Sequence[object]) -> set[str]:
    named = (row.get("item") for row in rows if isinstance(row, dict))
    return {item.strip() for item in named if isinstance(item, str)}


def _read(row: object, known: Collection[str], scale: ValueScale, latest: float) -> Behaviour:
    given = read_row(row, BehaviourRowIn)
    fields = {"id": given.id or "", "user": given.user, "item": given.item, "kind": given.kind}
    require_printable(fields, given.id)
    numbers = {name: "" if number is None else repr(number) for name, number in _numbers(given).items()}
    try:
        return clean_behaviour(Row("", fields | numbers), known, scale, None, latest)
    except RowError as error:
        raise RowRefusedError(_fix(error.reason, given, scale), given.id) from error


def _numbers(given: BehaviourRowIn) -> dict[str, float | None]:
    return {"time": given.time, "value": given.value}


def _fix(reason: DropReason, given: BehaviourRowIn, scale: ValueScale) -> str:
    """Return why a row is refused and how to mend it."""
    fixes = {
        DropReason.NO_USER: "user is blank: give the id of who did it.",
        DropReason.UNKNOWN_ITEM: f"There is no item {given.item!r}: put it into the catalogue first (PUT /v1/items).",
        DropReason.UNKNOWN_KIND: f"kind must be one of {', '.join(BehaviourKind)}.",
        DropReason.OUT_OF_RANGE: f"value must be a number from {scale.low:g} to {scale.high:g}, or be left out.",
        DropReason.IMPOSSIBLE_TIME: "time must be Unix seconds (UTC), above 0 and at most a day ahead, or be left out.",
        DropReason.WRONG_ENCODING: "It holds U+FFFD, which stands for bytes that could not be read: send UTF-8.",
        DropReason.LONG_ID: f"An id has {LONGEST_ID} characters at most.",
    }
    return fixes[reason]
