"""Rows that come many at a time: each is judged alone, and one that is wrong keeps no other from being stored."""

from __future__ import annotations

import hashlib
import unicodedata
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy.orm import Session

from explainer.audit import log
from explainer.audit.staff import on_record
from explainer.errors import ConflictError
from explainer.storage.additions import Change
from explainer.storage.database import Database

MAX_ROWS = 1000
_TRIES = 5
_MOST_NAMED = 5
_Shape = TypeVar("_Shape", bound=msgspec.Struct)
_Thing = TypeVar("_Thing")
_Result = TypeVar("_Result")


class Status(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    UPDATED = "updated"
    REFUSED = "refused"


class RowResult(msgspec.Struct, frozen=True):
    """What became of one row.

    Attributes:
        row: Its place in the batch, from 0.
        id: Its id; None where it has none that can be read.
        status: Whether it is stored; ``refused`` if not.
        detail: Why it is refused and how to mend it, or what else is to be known; None where there is nothing to say.
    """

    row: int
    id: str | None
    status: Status
    detail: str | None = None


class BatchResult(msgspec.Struct, frozen=True):
    """What became of every row, in the order they came.

    Attributes:
        results: One per row.
        note: What holds for the batch as a whole; None where there is nothing to say.
    """

    results: list[RowResult]
    note: str | None = None


class RowRefusedError(Exception):
    """One row cannot be stored; the message says why and how to mend it. Never leaves this package."""

    def __init__(self, message: str, row_id: str | None = None) -> None:
        super().__init__(message)
        self.row_id = row_id


class Sorted(Generic[_Thing]):
    """The rows of a batch: what each would store, which are refused, and which only repeat an earlier one.

    Args:
        rows: The rows as they came.
        read: Makes something storable of a row, or raises :class:`RowRefusedError`.
        id_of: Names it: of two rows with one id, both are refused unless they are the same.

    Attributes:
        things: What is to be stored, each once, by its id, in the order of the rows.
    """

    def __init__(
        self, rows: Sequence[object], read: Callable[[object], _Thing], id_of: Callable[[_Thing], str]
    ) -> None:
        self._refused: dict[int, RowResult] = {}
        self._ids: dict[int, str] = {}
        self.things: dict[str, _Thing] = {}
        places: dict[str, list[int]] = {}
        found: dict[int, _Thing] = {}
        for place, row in enumerate(rows):
            try:
                found[place] = read(row)
            except RowRefusedError as refusal:
                self._refused[place] = RowResult(place, refusal.row_id, Status.REFUSED, str(refusal))
                continue
            self._ids[place] = id_of(found[place])
            places.setdefault(self._ids[place], []).append(place)
        for key, same in places.items():
            if all(found[place] == found[same[0]] for place in same):
                self.things[key] = found[same[0]]
            else:
                self._refused |= {place: _contradicted(place, key, same) for place in same}

    def results(self, changes: Mapping[str, Change], detail: Callable[[str, Change], str | None]) -> list[RowResult]:
        """Return what became of every row.

        Args:
            changes: What storing did, by id.
            detail: What to say of it.
        """
        told: set[str] = set()
        results = []
        for place in sorted(self._refused.keys() | self._ids.keys()):
            if place in self._refused:
                results.append(self._refused[place])
                continue
            key = self._ids[place]
            change = changes[key]
            refused = change in {Change.CONFLICT, Change.ERASED}
            repeated = key in told and not refused
            told.add(key)
            status = Status.REFUSED if refused else Status.UNCHANGED if repeated else Status(change.value)
            results.append(RowResult(place, key, status, None if repeated else detail(key, change)))
        return results


def _contradicted(place: int, key: str, same: Sequence[int]) -> RowResult:
    others = [other for other in same if other != place]
    named = ", ".join(map(str, others[:_MOST_NAMED])) + (" and more" if len(others) > _MOST_NAMED else "")
    rows = "row" if len(others) == 1 else "rows"
    detail = f"The id is also in {rows} {named} of this batch, with other content: send one of them."
    return RowResult(place, key, Status.REFUSED, detail)


def read_row(row: object, shape: type[_Shape]) -> _Shape:
    """Return a row in its shape.

    Raises:
        RowRefusedError: If it has another one, or holds something that is no text.
    """
    row_id = row.get("id") if isinstance(row, dict) else None
    named = row_id if isinstance(row_id, str) else None
    try:
        found = msgspec.convert(row, shape)
    except msgspec.ValidationError as error:
        fields = ", ".join(shape.__struct_fields__)
        raise RowRefusedError(f"{error}. A row is an object with the fields {fields}.", named) from error
    return found


def require_printable(fields: Mapping[str, str | None], row_id: str | None = None) -> None:
    """Refuse control characters: no database of ours keeps them all, and no reader sees them.

    Raises:
        RowRefusedError: If a field holds one.
    """
    for name, text in fields.items():
        strange = next((c for c in text or "" if unicodedata.category(c) == "Cc"), None)
        if strange is not None:
            raise RowRefusedError(f"{name} holds the control character U+{ord(strange):04X}: send it without.", row_id)


def stored(database: Database, store: Callable[[Session], _Result]) -> _Result:
    """Store in one transaction, and again if somebody else stored the same at the same moment.

    Raises:
        ConflictError: If the database refuses it every time.
    """
    for _ in range(_TRIES - 1):
        try:
            with database.session() as session:
                return store(session)
        except ConflictError:
            continue
    with database.session() as session:
        return store(session)


def note_batch(session: Session, event: str, by: str, rows: Iterable[Any], subjects: Collection[str] = ()) -> None:
    """Append the audit entry of a batch: its digest is that of what was stored, and of who sent it."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(msgspec.json.encode(row, order="deterministic") + b"\n")
    batch, who = str(uuid.uuid4()), on_record(session, by)
    log.append(session, event, batch, {"id": batch, "by": who, "rows": digest.hexdigest()}, subjects)
